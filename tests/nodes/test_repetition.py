"""Steps that ask the whole question again are left out; those that ask a part of it are not."""

from __future__ import annotations

import pytest
from support.planned import MOST, plan

from churon.nodes.plans import checked_plan, gathers, ready
from churon.nodes.repetition import without_repetition

ASKED = "Who is the mayor of the town where the bridge stands?"
PARTS = [
    (
        "베스크 제분소와 오린 제분소는 언제 문을 닫았나요?",
        ["베스크 제분소는 언제 문을 닫았나요?", "오린 제분소는 언제 문을 닫았나요?"],
    ),
    (
        "2023년과 2024년의 매출은 얼마였습니까?",
        ["2023년의 매출은 얼마였습니까?", "2024년의 매출은 얼마였습니까?"],
    ),
    (
        "1호선과 2호선은 언제 개통했나요?",
        ["1호선은 언제 처음 개통했나요?", "2호선은 언제 처음 개통했나요?"],
    ),
    (
        "서울시청과 서울시장의 전화번호는 무엇입니까?",
        ["서울시청의 전화번호는 무엇입니까?", "서울시장의 전화번호는 무엇입니까?"],
    ),
    (
        "오린 박물관은 몇 시에 열고 몇 시에 닫나요?",
        ["오린 박물관은 몇 시에 여나요?", "오린 박물관은 몇 시에 닫나요?"],
    ),
    (
        "When did the Vesk mill and the Orrin mill close?",
        ["When did the Vesk mill close?", "When did the Orrin mill close?"],
    ),
    (
        "when did the vesk mill and the orrin mill close?",
        ["when did the vesk mill close?", "when did the orrin mill close?"],
    ),
    (
        "What did Ann and Bo write in 1990?",
        ["What did Ann write down in 1990?", "What did Bo write down in 1990?"],
    ),
    (
        "What are the opening hours and the ticket price of the Orrin museum?",
        [
            "What are the opening hours of the Orrin museum?",
            "What is the ticket price of the Orrin museum?",
        ],
    ),
]


@pytest.mark.parametrize(("asked", "parts"), PARTS)
def test_parts_of_a_question_are_not_the_question(asked: str, parts: list[str]) -> None:
    assert without_repetition(plan(*parts), asked) == plan(*parts)


@pytest.mark.parametrize(
    ("asked", "others", "again"),
    [
        (PARTS[0][0], PARTS[0][1], "베스크 제분소와 오린 제분소는 언제 문을 닫았습니까?"),
        (PARTS[5][0], PARTS[5][1], PARTS[5][0]),
        (
            "Who is the mayor of the town in which the Halden bridge stands?",
            ["Which place is the bridge in?"],
            "Who is the mayor of the town where the Halden bridge stands?",
        ),
        (
            "할덴 다리가 있는 도시의 시장은 누구입니까?",
            ["어느 도시입니까?", "그 사람의 남편은 누구입니까?"],
            "할덴 다리가 있는 도시의 시장은 누구인가요?",
        ),
        (
            "So, which ship of the two carries more passengers, the Mira or the Lund, please?",
            [
                "How many passengers does the Mira carry?",
                "How many passengers does the Lund carry?",
            ],
            "Which ship carries more passengers, the Mira or the Lund?",
        ),
        (
            "미라호와 룬드호 중 어느 배가 더 큰가요?",
            ["미라호는 배의 길이가 몇 미터인가요?", "룬드호는 배의 길이가 몇 미터인가요?"],
            "미라호와 룬드호 중 어느 쪽이 더 큰가요?",
        ),
    ],
)
def test_the_whole_question_in_other_words(asked: str, others: list[str], again: str) -> None:
    kept = without_repetition(plan(*others, again), asked)
    assert [step["question"] for step in kept][:-1] == [s["question"] for s in plan(*others)]
    assert gathers(kept) and kept[-1]["question"] == asked


@pytest.mark.parametrize(
    ("questions", "left"),
    [
        (["Who is the mayor of the town where the bridge stands?", "When?"], ["When?", ASKED]),
        (["When?", "who is the mayor of the town, where the bridge stands"], ["When?", ASKED]),
        (["Who is the mayor of the town where the bridge stands?", "Who is #1?"], []),
        (
            ["Where does the bridge stand?", "Who is #1?"],
            ["Where does the bridge stand?", "Who is #1?"],
        ),
        (
            ["Who is the mayor of the town where the bridge stands?"],
            ["Who is the mayor of the town where the bridge stands?"],
        ),
    ],
)
def test_steps_that_repeat_the_question_are_left_out(questions: list[str], left: list[str]) -> None:
    kept = without_repetition(plan(*questions), ASKED)
    assert [step["question"] for step in kept] == left
    assert not kept or kept[-1]["question"] != ASKED or gathers(kept) or len(kept) == 1


def test_a_plan_that_ends_in_the_whole_question_gathers_what_was_found() -> None:
    steps = plan("Where is A from?", "Where is B from?", "Are A and B from the same country?")
    kept = without_repetition(steps, "Are A and B from the same country?")
    assert gathers(kept) and kept[-1]["depends_on"] == ["1", "2"]
    assert [step["id"] for step in ready(kept, {})] == ["1", "2"]


def test_a_korean_step_that_repeats_the_question() -> None:
    asked = "할덴 다리가 있는 도시의 시장은 누구입니까?"
    again = plan("할덴 다리가 있는 도시의 시장은 누구인가?", "#1은 몇 살입니까?")
    good = plan("할덴 다리는 어느 도시에 있습니까?", "#1의 시장은?")
    assert without_repetition(again, asked) == []
    assert without_repetition(good, asked) == good


def test_a_last_operation_on_the_whole_question_rests_on_all_others() -> None:
    raw = [{"question": "Where is A from?"}, {"question": "Where is B from?"}]
    raw.append({"question": "Are A and B from the same country?", "op": "boolean"})
    kept = without_repetition(checked_plan(raw, MOST), "Are A and B from the same country?")
    assert (kept[-1]["op"], kept[-1]["depends_on"]) == ("boolean", ["1", "2"])
    assert not kept[-1]["needs_retrieval"] and not gathers(kept)


def test_a_step_that_is_left_out_is_nothing_to_work_on() -> None:
    whole = "Are the mill and the pier both museums?"
    raw = [{"question": whole}, {"question": "Is the pier of Aren a museum?"}]
    raw.append({"question": "Are the mill of Aren and the pier both museums?", "op": "boolean"})
    kept = without_repetition(checked_plan(raw, MOST), whole)
    assert [step["depends_on"] for step in kept] == [[], ["2"], ["2", "3"]]
