"""What a step says of earlier ones: #1, this, that; what stands there once they are answered."""

from __future__ import annotations

from typing import Any

import pytest
from support.planned import plan, result

from churon.nodes.plans import (
    checked_plan,
    filled,
    literal,
)
from churon.tools.types import StepResult


def test_a_users_own_number_sign_is_no_placeholder() -> None:
    asked = literal("Who sang the #1 hit of 1985?")
    plan = checked_plan([{"question": "Which song?"}, {"question": asked}], 5)
    assert plan[1]["depends_on"] == []
    results: Any = {"1": {"answer": "Careless Whisper"}}
    assert filled(asked, results) == asked == "Who sang the ＃1 hit of 1985?"
    assert literal("C# or # 1?") == "C# or # 1?"


def test_placeholders_are_filled_by_whole_numbers() -> None:
    results = {"1": result("1", "Aren"), "12": result("12", "Vesk")}
    assert filled("From #12 to #1 and #3?", results) == "From Vesk to Aren and #3?"


@pytest.mark.parametrize(
    ("second", "asked"),
    [
        ("When did this city fall?", "When did this city fall? (#1)"),
        ("그 도시는 언제 함락되었습니까?", "그 도시는 언제 함락되었습니까? (#1)"),
        ("When did Vesk fall?", "When did Vesk fall?"),
        ("When did this city, #1, fall?", "When did this city, #1, fall?"),
    ],
)
def test_a_step_about_this_rests_on_the_one_before(second: str, asked: str) -> None:
    step = plan("Which city is it?", second)[1]
    assert step["question"] == asked and step["depends_on"] == (["1"] if "#1" in asked else [])


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("#1은 누가 만들었습니까?", "파도호", "파도호는 누가 만들었습니까?"),
        ("#1이 태어난 해는?", "이서아", "이서아가 태어난 해는?"),
        ("#1가 태어난 해는?", "정우진", "정우진이 태어난 해는?"),
        ("#1의 시장은?", "서울입니다.", "서울의 시장은?"),
        ("#1으로 가는 배는?", "소라도", "소라도로 가는 배는?"),
        ("#1이 무엇입니까?", "the Garam", "the Garam이 무엇입니까?"),
        ("#1 이상은?", "198명", "198명 이상은?"),
        ("Who built #1?", "the Garam", "Who built the Garam?"),
        ("#1는 언제 생겼습니까?", "NASA", "NASA는 언제 생겼습니까?"),
        ("#1은(는) 언제?", "NASA", "NASA은(는) 언제?"),
        ("#1은(는) 언제 지어졌나요?", "오린 등대", "오린 등대는 언제 지어졌나요?"),
        ("#1이/가 지은 배는?", "정우진", "정우진이 지은 배는?"),
        ("#1이라는 소설은?", "바다", "바다라는 소설은?"),
        ("#1라는 배는?", "한빛", "한빛이라는 배는?"),
        ("#1(이)라고 불린 배는?", "‘한빛’", "‘한빛’이라고 불린 배는?"),
        ("#1이란 무엇입니까?", "바다", "바다란 무엇입니까?"),
        ("#1나 #1의 자회사는?", "한빛", "한빛이나 한빛의 자회사는?"),
        ("#1으로부터 몇 km입니까?", "바다", "바다로부터 몇 km입니까?"),
        ("#1(으)로서 일한 사람은?", "부장", "부장으로서 일한 사람은?"),
        ("#1으로 가는 길은?", "서울", "서울로 가는 길은?"),
        ("#1와의 거리는?", "부산", "부산과의 거리는?"),
        ("#1이었던 사람은?", "시장의 누나", "시장의 누나였던 사람은?"),
        ("#1은 몇 년입니까?", "1912", "1912는 몇 년입니까?"),
        ("#1인 배는?", "바다", "바다인 배는?"),
    ],
)
def test_particles_follow_the_answer(question: str, answer: str, expected: str) -> None:
    found = StepResult(
        id="1", question="?", answer=answer, reasoning="", evidence_ids=[], support="full",
        support_score=None, method="read",
    )  # fmt: skip
    assert filled(question, {"1": found}) == expected


def test_an_answer_with_a_number_sign_is_not_filled_again() -> None:
    results = {"1": result("1", "Symphony #2"), "2": result("2", "Ivo Brand")}
    assert filled("Who wrote #1, #2?", results) == "Who wrote Symphony #2, Ivo Brand?"
    assert filled("#1을 지휘한 #2은?", results) == "Symphony #2를 지휘한 Ivo Brand은?"


@pytest.mark.parametrize(
    ("question", "points"),
    [
        ("When did the museum that stands in Vesk open?", False),
        ("When was that built?", True),
        ("Who founded that company?", True),
        ("Which city hosts that same museum?", True),
        ("Who is the mayor of that town?", True),
        ("Who lives in this town?", True),
        ("Which of those who won were born there?", False),
    ],
)
def test_what_points_at_the_step_before(question: str, points: bool) -> None:
    plan = checked_plan([{"question": "When did the one in Aren open?"}, {"question": question}], 5)
    assert plan[1]["depends_on"] == (["1"] if points else [])
