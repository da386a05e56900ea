"""Asking in both languages: streamed text, support, citations, follow-ups, hostile documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.page_world import hold, let, paced_port, page_app
from support.scripted import Reply
from support.serving import listening
from support.world import labels

from churon.evals.report.words import words

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
LEAVES = "The Lumen leaves Aren at 07:30."
CAPACITY = "파도호의 정원은 승객 198명과 승무원 8명이다."
PASSAGES = [
    # an emoji is one character for the server and two for JavaScript
    ("guides/ferry.pdf", 3, 1_200, f"🚢⛴️ On weekdays all ferries run. {LEAVES} Dogs travel free."),
    ("보고서/연간.pdf", 2, 0, f"여객선 😀 안내. {CAPACITY} 길이는 41.5미터이다."),
    (f"{HOSTILE}.md", None, 0, f"The harbour pirate said: {HOSTILE}"),
]
ASKED = "When does the Lumen leave?"
ASKED_KO = "파도호의 승객 정원은 몇 명입니까?"


def model(step: str, prompt: str) -> Reply | str:
    """Answers about the ferry, in Korean about the other one, and repeats what a pirate says."""
    if step == "korean":
        return "파도호의 승객 정원은 198명입니다 [1]. 승무원은 8명입니다 [1]."
    if step == "condense":
        return "Does the Lumen take dogs?"
    if step in ("grade", "sufficient"):
        return labels(Y=0.9, N=0.1) if LEAVES in prompt else labels(Y=0.1, N=0.9)
    if step == "support":
        return labels(F=0.9, P=0.05, N=0.05)
    if step == "utility":
        return labels(d1=0.02, d2=0.03, d3=0.05, d4=0.1, d5=0.8)
    if step == "candidate":
        return LEAVES if LEAVES in prompt else "NONE"
    if "pirate" in prompt.rpartition("Question")[2]:
        return f"He said {HOSTILE} [1]."
    return "NONE" if "pope" in prompt else "The Lumen leaves at 07:30 [1]. It is never late."


@pytest.fixture(scope="module")
def port() -> Any:
    """The model; it waits after three pieces of a text once it is held."""
    return paced_port(model, pause_after=3)


@pytest.fixture(scope="module")
def url(port: Any) -> Iterator[str]:
    with listening(page_app(model, PASSAGES, port=port)) as url:
        yield url


def test_an_answer_comes_piece_by_piece_and_is_then_checked(
    open_tab: Callable[..., Any], url: str, port: Any
) -> None:
    hold(port)
    let(port, 1)
    tab = open_tab(url)
    turn = tab.ask(ASKED)
    turn.locator(".draft").wait_for()
    assert "The Lumen leaves" in turn.locator(".draft").inner_text()
    assert "07:30" not in turn.locator(".draft").inner_text()
    assert turn.locator(".answer-live").get_attribute("aria-busy") == "true"
    let(port)
    turn.locator(".badge").wait_for()
    assert turn.locator(".sentence").all_inner_texts() == [
        "The Lumen leaves at 07:30.", "It is never late.",
    ]  # fmt: skip
    assert turn.locator(".answer-text .pill").all_inner_texts() == ["○ not checked"] * 2
    assert turn.locator(".answer-live").get_attribute("aria-busy") == "false"
    assert "The answer is ready" in tab.page.locator("#said").inner_text()
    facts = turn.locator(".facts").inner_text()
    assert "model calls\n1" in facts and "an answer was found" in facts


@pytest.mark.parametrize(
    ("locale", "question", "span", "place", "support"),
    [
        ("en-GB", ASKED, LEAVES, "guides/ferry.pdf · page 3 · characters 1,201–1,2", "supported"),
        ("ko-KR", ASKED_KO, CAPACITY, "보고서/연간.pdf · 2쪽 · 1–", "확인 안 함"),
    ],
)
def test_a_citation_opens_its_passage_at_the_exact_words(
    open_tab: Callable[..., Any], url: str, locale: str, question: str, span: str, place: str,
    support: str,
) -> None:  # fmt: skip
    tab = open_tab(url, locale)
    turn = tab.asked(question, "self_rag" if locale == "en-GB" else "two_stage")
    assert support in turn.locator(".answer-text .pill").first.inner_text()
    turn.locator(".cite").first.click()
    panel = tab.page.locator("#passage")
    assert panel.locator("mark").all_inner_texts() == [span]
    assert place in panel.locator("#passage-place").inner_text()
    whole = next(text for *_, text in PASSAGES if span in text)
    assert panel.locator("#passage-text").inner_text() == whole
    tab.page.keyboard.press("Escape")
    panel.wait_for(state="hidden")
    assert turn.locator(".cite").first.evaluate("one => one === document.activeElement")


def test_the_language_follows_the_browser_can_be_changed_and_is_remembered(
    open_tab: Callable[..., Any], url: str
) -> None:
    tab = open_tab(url, "ko-KR")
    assert tab.page.locator("h1").inner_text() == "문서에 물어보세요"
    assert tab.page.locator("html").get_attribute("lang") == "ko"
    turn = tab.asked(ASKED)
    assert turn.locator(".badge").inner_text() == "일부만 근거 있음"
    tab.page.get_by_role("button", name="English").click()
    assert turn.locator(".badge").inner_text() == "Partly grounded"
    tab.page.locator("#graph").select_option("mcts_rag")
    tab.page.reload()
    assert tab.page.locator("h1").inner_text() == "Ask your documents"
    assert tab.page.locator("#graph").input_value() == "mcts_rag"


def test_a_follow_up_question_carries_what_was_said(
    open_tab: Callable[..., Any], url: str, port: Any
) -> None:
    tab = open_tab(url)
    tab.asked(ASKED)
    before = len(port.model.calls)
    turn = tab.asked("And dogs?")
    [condense, _] = port.model.calls[before:]
    prompt = str(condense["messages"][-1].content)
    assert f"user: {ASKED}" in prompt
    assert "assistant: The Lumen leaves at 07:30. It is never late." in prompt
    assert "Understood as: Does the Lumen take dogs?" in turn.locator(".part-steps").inner_text()
    assert tab.page.locator(".turn").count() == 2
    tab.page.get_by_role("button", name="Start over").click()
    tab.asked("And dogs?")
    assert "user:" not in str(port.model.calls[-1]["messages"][-1].content)


def test_an_abstention_says_what_was_not_found(open_tab: Callable[..., Any], url: str) -> None:
    turn = open_tab(url).asked("Who is the pope?")
    assert turn.locator(".badge").inner_text() == "Abstained"
    assert "No supported answer was found" in turn.locator(".means").inner_text()
    assert turn.locator(".note.missing li").all_inner_texts() == ["Who is the pope?"]
    assert turn.locator(".cite").count() == 0


def test_an_abstention_has_its_own_word_in_korean(open_tab: Callable[..., Any], url: str) -> None:
    tab = open_tab(url, "ko-KR")
    badge = tab.asked("Who is the pope?").locator(".badge").inner_text()
    assert badge == "답을 보류함" != words("ko")["outcome.none"]


def test_nothing_that_is_written_becomes_markup(open_tab: Callable[..., Any], url: str) -> None:
    tab = open_tab(url)
    asked = f"What did the pirate say? {HOSTILE}"
    turn = tab.asked(asked)
    assert turn.locator("h2").inner_text() == asked
    assert HOSTILE in turn.locator(".answer-text").inner_text()
    turn.locator(".cite").first.click()
    panel = tab.page.locator("#passage")
    assert HOSTILE in panel.locator("#passage-text").inner_text()
    assert HOSTILE in panel.locator("#passage-place").inner_text()
    assert tab.page.locator("img, iframe, object, embed, .turn script, dialog script").count() == 0
    assert tab.page.title() == "churon"
