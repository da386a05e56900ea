"""The report in a real browser: offline, under its own policy, in both languages and all widths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.browser import chromium
from support.eval_rows import made
from support.reasoned import node
from support.rows import case, passage, row

from churon.evals.report import Gathered, page, view
from churon.evals.types import Row

HOSTILE = '</script><script>window.hit=1</script><img src=x onerror="window.hit=2">{{7*7}}\u202e'
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page(view(Gathered(made()))), "utf-8")
    return path


@pytest.fixture
def open_page(browser: Any) -> Iterator[Open]:
    """Opens a file; at the end it asked for nothing else, and nothing was complained of."""
    contexts: list[Any] = []
    asked: list[str] = []
    complaints: list[str] = []

    def opened(
        path: Path, size: tuple[int, int] = (1280, 900), anchor: str = "", **more: Any
    ) -> Any:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce",
            **{"locale": "en-US", **more},
        )  # fmt: skip
        contexts.append(context)
        context.set_default_timeout(10_000)
        tab = context.new_page()
        tab.on("request", lambda one: asked.append(one.url.partition("#")[0]))
        tab.on("console", lambda one: complaints.append(one.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto(path.as_uri() + anchor)
        tab.locator("button.open").first.wait_for()
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert len(set(asked)) == len(contexts) and complaints == []


def written_rows(path: Path, rows: list[Row]) -> Path:
    path.write_text(page(view(Gathered(rows))), "utf-8", errors="replace")
    return path


def test_everything_is_shown(open_page: Open, written: Path) -> None:
    tab = open_page(written)
    assert tab.title() == "Evaluation: harbour-en, harbour-ko"
    assert tab.locator("table.figures").first.locator("tbody tr").count() > 15
    assert tab.locator("svg.plot").count() == 4 * 3
    assert tab.locator("#summary h3").all_inner_texts() == ["All sets together"]
    folded = tab.locator("#summary > div > details.set > summary")
    assert folded.all_inner_texts() == ["harbour-en", "harbour-ko"]
    assert not tab.locator("details.set table").first.is_visible()
    folded.first.click()
    assert tab.locator("#summary details.set table").first.is_visible()
    assert tab.locator("table.forest").count() == 2 * 3
    assert tab.locator(".findings li").count() >= 24
    assert "errors (two_stage 1/30" in tab.locator(".warnings").inner_text()
    assert "context.rollouts" in (tab.locator("#origin").text_content() or "")
    assert tab.locator("button.open").count() == 60


def test_questions_are_filtered_searched_and_ordered(open_page: Open, written: Path) -> None:
    tab = open_page(written)
    rows, shown = tab.locator(".list tbody tr"), tab.locator("#shown")
    tab.locator("[data-filter=set]").select_option("harbour-ko")
    assert rows.count() == 30 and shown.inner_text() == "30 of 60 questions"
    tab.locator("[data-filter=variant]").select_option("self_rag")
    tab.locator("[data-filter=outcome]").select_option("error")
    assert rows.count() == 1 and "error" in rows.locator("td").nth(1).inner_text()
    tab.locator("[data-filter=outcome]").select_option("")
    tab.locator("[data-filter=variant]").select_option("")
    tab.locator("#search").fill("파도호 ko-025")
    assert rows.count() == 1
    tab.locator("#search").fill("nothing is like this")
    assert tab.locator(".nothing").is_visible()
    tab.locator("#search").fill("")
    tab.locator("[data-filter=sort]").select_option("gain")
    ends = rows.first.locator("td .badge").all_inner_texts()
    assert ends[1] in ("right", "rightly declined") and ends[0] not in ends[1:2]
    tab.locator("[data-filter=outcome]").select_option("loss")
    assert 0 < rows.count() < 30


def test_a_question_opens_with_a_beside_b(open_page: Open, written: Path) -> None:
    tab = open_page(written)
    tab.locator("[data-filter=b]").select_option("mcts_deep")
    tab.locator("button.open").nth(2).focus()
    tab.keyboard.press("Enter")
    sheet = tab.locator("#sheet")
    assert sheet.locator(".side-head h3").all_inner_texts() == ["A · two_stage", "B · mcts_deep"]
    assert "1946" in sheet.locator(".gold-answer").inner_text()
    assert sheet.locator(".cell").count() == 10
    assert sheet.locator(".steps .parts").count() == 2 and "parts here" in sheet.inner_text()
    assert sheet.locator(".tree .on-path").count() >= 3
    assert sheet.locator(".passage.gold .pill.is_gold").count() >= 1
    assert tab.url.endswith("#q3")
    tab.keyboard.press("ArrowRight")
    assert sheet.locator(".sheet-bar .meta").inner_text() == "4 of 60"
    tab.keyboard.press("Escape")
    assert not sheet.is_visible()
    assert tab.evaluate("document.activeElement.className") == "open"


@pytest.fixture(scope="module")
def readable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One question: A read the wrong passages, B the right ones."""
    harbour = "The 🚢 Lumen is old. She was laid down in 1944 and launched in 1946."
    captain, tides = "Captain Sora Han has led the Lumen since 2011.", "Tide tables. " * 300
    gold = harbour.index("launched")
    asked = case(
        spans=[{"document": "lumen.md", "start": 50 + gold, "end": 50 + gold + 16},
               {"document": "captain.md", "start": 0, "end": 16},
               {"document": "lost.md", "start": 0, "end": 9}],
    )  # fmt: skip
    read = [
        passage(name, document=f"{name}.md", start=start, end=start + len(text), text=text)
        for name, start, text in (("lumen", 50, harbour), ("captain", 0, captain),
                                  ("tides", 0, tides))
    ]  # fmt: skip
    said = {"text": "The Lumen was laid down in 1944.", "support": "full", "support_score": 0.9,
            "evidence_ids": ["lumen"]}  # fmt: skip
    rows = [row(asked, variant="a", read=[read[0], read[2], passage("old")], claims=[said]),
            row(asked, variant="b", read=read[:2])]  # fmt: skip
    return written_rows(tmp_path_factory.mktemp("readable") / "report.html", rows)


def test_a_passage_is_opened_and_shows_quotes_and_gold(open_page: Open, readable: Path) -> None:
    tab = open_page(readable, anchor="#q1")
    first = tab.locator(".cell[data-name=a] .passage").first
    text = first.locator(".passage-text")
    assert not text.is_visible() and first.locator(".snippet").inner_text().startswith("The 🚢")
    first.locator("summary").focus()
    tab.keyboard.press("Enter")
    assert text.is_visible() and tab.locator(".passage-text:visible").count() == 1
    assert text.locator("mark").all_inner_texts() == [
        "She was laid down in 1944 and ", "launched in 1946", ".",
    ]  # fmt: skip
    assert [one.get_attribute("class") for one in text.locator("mark").all()] == [
        "quote", "gold quote", "quote",
    ]  # fmt: skip
    legend = first.locator(".legend").inner_text()
    assert "a claim rests on it" in legend and "gold evidence" in legend
    other = tab.locator(".cell[data-name=b] .passage").first
    other.locator("summary").click()
    assert other.locator(".passage-text mark").all_inner_texts() == ["launched in 1946"]
    long, old = tab.locator(".cell[data-name=a] .passage").all()[1:]
    long.locator("summary").click()
    shown = long.locator(".passage-text").inner_text()
    assert shown.endswith("…") and len(shown) < 2_010
    assert old.locator("details").count() == 0 and "old.md" in old.inner_text()


def test_gold_that_a_missed_is_shown_from_where_b_read_it(open_page: Open, readable: Path) -> None:
    tab = open_page(readable, anchor="#q1", locale="ko-KR")
    missed = tab.locator(".cell[data-name=a] .unread li")
    assert missed.count() == 2 and missed.nth(1).inner_text() == "lost.md 0–9"
    missed.first.locator("summary").click()
    assert "본문" in missed.first.inner_text()
    assert missed.first.locator("mark.gold").all_inner_texts() == ["정답 근거", "Captain Sora Han"]
    tab.emulate_media(media="print")
    assert tab.locator(".passage-text:visible").count() == tab.locator(".passage-text").count() == 5
    assert not tab.locator(".reading summary").first.is_visible()


def test_a_link_opens_its_question_in_the_browsers_language(open_page: Open, written: Path) -> None:
    tab = open_page(written, anchor="#q3", locale="ko-KR")
    assert tab.locator(".sheet-bar .meta").inner_text() == "60개 중 3번째"
    tab.keyboard.press("Escape")
    assert tab.locator("h1").inner_text().startswith("평가")
    tab.locator("[data-language=en]").click()
    assert tab.locator("h1").inner_text().startswith("Evaluation")
    assert tab.evaluate("document.documentElement.lang") == "en"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_down_only(open_page: Open, written: Path, scheme: str) -> None:
    tab = open_page(written, (360, 740), color_scheme=scheme)
    wide = "document.documentElement.scrollWidth"
    assert tab.evaluate(wide) == 360
    tab.locator("button.open").first.click()
    assert tab.evaluate("document.getElementById('sheet').scrollWidth") <= 360
    beyond = """[...document.querySelectorAll('.cell *')]
        .filter((one) => one.getBoundingClientRect().right > 360).length"""
    assert tab.evaluate(beyond) == 0
    for one in tab.locator(".reading summary").all():
        one.click()
    assert tab.evaluate(beyond) == 0
    ground = tab.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == ("rgb(248, 247, 244)" if scheme == "light" else "rgb(19, 22, 24)")


def test_hostile_rows_are_only_shown(open_page: Open, tmp_path: Path) -> None:
    asked = case(
        HOSTILE, question=HOSTILE, answers=[HOSTILE], tags=[HOSTILE], relevant={HOSTILE: 1}
    )
    steps: list[dict[str, Any]] = [
        {"step": HOSTILE, HOSTILE: HOSTILE},
        {"step": "search", "query": HOSTILE, "found": HOSTILE},
        {"step": "tree", "nodes": [dict(node(HOSTILE, text=HOSTILE)), dict(node("n1", HOSTILE))]},
    ]
    claim = {"text": HOSTILE, "support": "full", "support_score": 0.5, "evidence_ids": [HOSTILE]}
    read = passage(HOSTILE, document=f"{HOSTILE}/{HOSTILE}", text=HOSTILE, end=len(HOSTILE))
    spans = [{"document": read["document"], "start": 3, "end": 30}]
    whole: dict[str, Any] = {"answer": HOSTILE, "short": HOSTILE, "claims": [claim], "steps": steps,
             "read": [read],
             "missing": [HOSTILE], "degraded": [HOSTILE], "stop_reason": HOSTILE}  # fmt: skip
    rows = [row({**asked, "spans": spans}, variant="__proto__", **whole),
            row(asked, variant=HOSTILE, error=HOSTILE)]  # fmt: skip
    tab = open_page(written_rows(tmp_path / "hostile.html", rows))
    tab.locator("button.open").click()
    assert HOSTILE in tab.locator("#sheet-title").inner_text()
    assert HOSTILE in tab.locator(".answer-text").inner_text()
    tab.locator(".reading summary").click()
    text = tab.locator(".passage-text")
    assert text.text_content() == HOSTILE and text.locator("mark.gold").count() == 1
    assert tab.locator("img").count() == 0 and tab.evaluate("window.hit") is None
    assert tab.locator("script").count() == 3


def test_it_prints_in_light_with_every_part(open_page: Open, written: Path) -> None:
    tab = open_page(written, color_scheme="dark")
    tab.emulate_media(media="print")
    assert not tab.locator("#filters").is_visible()
    assert tab.evaluate("getComputedStyle(document.body).color") == "rgb(28, 32, 34)"
    assert len(tab.pdf()) > 20_000


def test_controls_have_names_and_a_lone_variant_is_no_comparison(
    open_page: Open, tmp_path: Path
) -> None:
    tab = open_page(written_rows(tmp_path / "lone.html", [row(), row(case("q2"), error="x")]))
    assert "nothing to compare" in tab.locator("#findings").inner_text()
    assert not tab.locator("#forest").is_visible() and tab.locator("[data-filter=b]").count() == 0
    unnamed = """[...document.querySelectorAll('button, select, input, summary')]
        .filter((one) => !(one.textContent.trim() || one.ariaLabel || one.labels?.length)).length"""
    assert tab.evaluate(unnamed) == 0
    tab.locator("button.open").first.click()
    assert tab.locator(".side-head").count() == 1
