"""Follow-up questions: the language they are answered in, and what of the conversation is read."""

from __future__ import annotations

from typing import Any

import pytest
from support.ferry import CAPTAIN, DOGS, QUESTION, TEXTS, model
from support.world import ListStore, labels, world

from churon.graphs.registry import build_graph
from churon.nodes.rewrite import first_line

KOREAN = {"role": "user", "content": "루멘호는 언제 떠납니까?"}
REPLY = {"role": "assistant", "content": "The Lumen leaves at 07:30."}


async def ask(question: str, history: list[Any], **script: Any) -> Any:
    store = script.pop("store", None)
    toolkit = world(model(**{"condense": QUESTION, **script}), TEXTS, store=store)
    asked = {"question": question, "history": history}
    return await build_graph("self_rag", toolkit).ainvoke(asked)


@pytest.mark.parametrize(
    ("question", "history", "language"),
    [
        ("2023?", [KOREAN, REPLY], "ko"),
        ("Lumen?", [KOREAN, REPLY], "ko"),
        ("And in 2023?", [KOREAN, REPLY], "en"),
        ("2023?", [], "en"),
        ("2023?", [{"role": "user", "content": "When does it leave?"}, REPLY], "en"),
        ("그럼 2023년은?", [REPLY], "ko"),
        ("2023?", [REPLY, KOREAN, REPLY], "ko"),  # only the user's turns tell
        ("2023?", [KOREAN, REPLY, {"role": "user", "content": "2022?"}, REPLY], "ko"),
    ],
)
async def test_a_question_of_hardly_a_word_is_in_the_conversations_language(
    question: str, history: list[Any], language: str
) -> None:
    assert (await ask(question, history))["language"] == language


async def test_a_long_turn_is_shortened_and_the_latest_are_kept() -> None:
    seen: list[str] = []

    def condense(prompt: str) -> str:
        seen.append(prompt)
        return QUESTION

    pasted = {"role": "user", "content": "word " * 8_000}
    store = ListStore(TEXTS)
    history = [pasted, *[REPLY, {"role": "user", "content": "The Lumen?"}] * 2]
    output = await ask("When does it leave?", history, condense=condense, store=store)
    assert store.asked[0]["query"] == QUESTION and not output["degraded"]
    assert "The Lumen?" in seen[0] and len(seen[0]) < 4_000


async def test_the_latest_turns_are_read_in_their_order() -> None:
    seen: list[str] = []

    def condense(prompt: str) -> str:
        seen.append(prompt)
        return QUESTION

    roles = ("user", "assistant")
    history = [{"role": role, "content": f"turn {n}"} for n in range(1, 6) for role in roles]
    await ask("When does it leave?", history, condense=condense)
    said = [line for line in seen[0].splitlines() if "turn " in line]
    assert said == [f"{role}: turn {n}" for n in (3, 4, 5) for role in roles]


async def test_a_follow_up_that_could_not_be_condensed_is_asked_as_it_is() -> None:
    store = ListStore(TEXTS)
    history = [{"role": "user", "content": "What is the Lumen?"}]
    await ask("When does the Lumen leave?", history, condense=" \n ", store=store)
    assert store.asked[0]["query"] == "When does the Lumen leave?"


ABOUT = [{"role": "user", "content": "Tell me about the Lumen ferry."}, REPLY]
LIST = "Please answer about it:\n1. When does it leave?\n\n2. Who is its captain?"
LONG = f"{' '.join(f'clause{n}' for n in range(120))} and who is its captain?"
SQL = "What does this query: SELECT name return?"


@pytest.mark.parametrize("question", [LIST, LONG])
async def test_a_question_of_many_lines_or_words_is_rewritten_whole(question: str) -> None:
    store = ListStore(TEXTS)
    rewritten = question.replace(" it", " the Lumen")
    output = await ask(question, ABOUT, condense=rewritten, store=store)
    assert store.asked[0]["query"] == " ".join(rewritten.split()) and not output["degraded"]


@pytest.mark.parametrize(
    ("question", "written", "query"),
    [
        ("When?", "Here is the question:\n\nWhen does the Lumen leave?", None),
        ("When?", "다시 쓴 질문은 다음과 같습니다:\n루멘호는 언제?", "루멘호는 언제?"),
        ("When?", "**Rewritten question:** When does the Lumen leave?", None),
        ("When?", "When does the Lumen leave?\n\nThe Lumen leaves at 07:30.", None),
        ("It:\nwhen?", "Sure, here:\nThe Lumen:\nwhen?", "The Lumen: when?"),
        ("It:\nwhen?", "The Lumen:\nwhen?", "The Lumen: when?"),
        ("When?", "Sure! Here is the rewritten question: When does the Lumen leave?", None),
        ("When?", "다시 쓴 질문은 다음과 같습니다: 루멘호는 언제?", "루멘호는 언제?"),
        (SQL, SQL, SQL),
        (SQL, f"Query: {SQL}", SQL),
        ("The Question: A Novel?", "The Question: A Novel?", "The Question: A Novel?"),
        ("In the exam?", "In the exam the question: why?", "In the exam the question: why?"),
    ],
)
async def test_what_a_model_writes_around_the_question_is_not_searched(
    question: str, written: str, query: str | None
) -> None:
    store = ListStore(TEXTS)
    await ask(question, ABOUT, condense=written, store=store)
    assert store.asked[0]["query"] == (query or "When does the Lumen leave?")


async def test_of_a_rewriting_that_was_cut_nothing_is_taken() -> None:
    store = ListStore(TEXTS)
    output = await ask("When does it leave?", ABOUT, condense="the Lumen " * 200, store=store)
    assert store.asked[0]["query"] == "When does it leave?"
    assert "condense:cut" in output["degraded"]
    rambling = f"{QUESTION}\n\n{'It leaves. ' * 200}"
    output = await ask("When does it leave?", ABOUT, condense=rambling, store=store)
    assert "condense:cut" not in output["degraded"]


async def test_the_next_query_is_written_from_all_evidence_that_fits() -> None:
    seen: list[str] = []

    def refine(prompt: str) -> str:
        seen.append(prompt)
        return "Lumen captain"

    long = [f"{text} {'Much else is told. ' * 60}KEY{n}" for n, text in enumerate((CAPTAIN, DOGS))]
    script = model(refine=refine, sufficient=labels(Y=0.1, N=0.9), grade=labels(Y=0.9, N=0.1))
    toolkit = world(script, long, form="iterative", max_iter=2)
    await build_graph("self_rag", toolkit).ainvoke({"question": QUESTION})
    assert "KEY0" in seen[0] and "KEY1" in seen[0]


@pytest.mark.parametrize(
    ("written", "query"),
    [
        ("Explain plan query: sequential scan", "Explain plan query: sequential scan"),
        ("Next search query: **Lumen captain**", "Lumen captain"),
        ("새 검색어: 루멘호 선장", "루멘호 선장"),
        ("수정된 검색어는 다음과 같습니다: 루멘호", "루멘호"),
        ("Sub-question: Who sails the Lumen?", "Who sails the Lumen?"),
    ],
)
def test_only_what_announces_a_query_is_taken_off(written: str, query: str) -> None:
    assert first_line(written, QUESTION) == query
