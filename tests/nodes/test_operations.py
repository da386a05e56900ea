"""The pseudo-program: compare, count, arithmetic and boolean on short answers, or None."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.operands import (
    AGES,
    BORN,
    EN,
    FARES,
    KO,
    LONG,
    OLD,
    SEATS,
    SEATS_KO,
    Pairs,
    answer,
    built,
    sized,
)

from churon.nodes.operations import compute
from churon.tools.types import Op


@pytest.mark.parametrize(
    ("question", "pairs", "wanted"),
    [
        ("Was the Orrin lighthouse built before the Vesk mill?", EN, "yes"),
        ("Was the Orrin lighthouse built after the Vesk mill?", EN, "no"),
        ("Is the Vesk mill older than the Orrin lighthouse?", EN, "no"),
        ("Does the Mira carry more passengers than the Sora?", SEATS, "yes"),
        ("Was the Orrin lighthouse built before the Vesk mill?", built("1998", "1998"), None),
        ("오린 등대는 베스크 방앗간보다 먼저 지어졌습니까?", KO, "예"),
        ("베스크 방앗간보다 오린 등대가 더 오래되었습니까?", KO, "예"),
        ("베스크 방앗간이 오린 등대보다 더 오래되었습니까?", KO, "아니요"),
        ("Were both built in the same year?", EN, "no"),
        ("Were both built in the same year?", built("May 1998", "1998"), "yes"),
        ("Were both built in the same decade?", EN, None),
        ("Was Ann Lee older than Bob Kim?", BORN, "no"),
        ("바다호의 정원이 파도호의 정원보다 많습니까?", SEATS_KO, "예"),
        ("바다호가 파도호보다 큽니까?", SEATS_KO, "예"),
        ("두 건물은 같은 해에 지어졌습니까?", KO, "아니요"),
        ("Are A and B in the same country?", [("A?", "France"), ("B?", "France.")], "yes"),
        ("Are A and B in the same country?", [("Country of A?", "USA"), ("B?", "America")], None),
        ("Are both Sora and Mira in France?", sized("Is {} in France?", "Yes", "no"), "no"),
        ("Are both Sora and Mira in France?", sized("Is {} in France?", "Yes.", "yes"), "yes"),
        ("Is either Sora or Mira in France?", sized("Is {} in France?", "Yes.", "no"), "yes"),
        ("Do both still stand?", sized("Was {} demolished?", "yes", "yes"), None),
        ("Is neither Sora nor Mira in France?", sized("Is {} in France?", "no", "no"), None),
        (
            "가람과 나루는 둘 다 프랑스에 있습니까?",
            [("가람은 프랑스에 있습니까?", "예"), ("나루는 프랑스에 있습니까?", "아니요")],
            "아니요",
        ),
    ],
)
def test_boolean(question: str, pairs: Pairs, wanted: str | None) -> None:
    assert answer("boolean", question, pairs) == wanted


@pytest.mark.parametrize(
    ("question", "pairs", "wanted"),
    [
        ("How many years after the Orrin lighthouse was the Vesk mill built?", EN, "6 years"),
        ("What is the difference between 1998 and 2004?", EN, "6 years"),
        ("How many years are between them?", built("490 BC", "10 AD"), "499 years"),
        ("How many years are between them?", built("June 1998", "May 2004"), None),
        ("How many days are between them?", built("1 May 1998", "1998-05-31"), "30 days"),
        ("How many months are between them?", EN, None),
        ("How many passengers can they carry in total?", SEATS, "438"),
        ("How many more passengers does the Mira carry?", SEATS, "42"),
        ("What is the average length?", [("A", "3 km"), ("B", "500 m")], "1.75 km"),
        ("How many times longer is A than B?", [("A", "3 km"), ("B", "500 m")], "6 times"),
        ("How many times has A sunk?", [("A", "3"), ("B", "5")], None),
        ("What is the total?", [("A", "20%"), ("B", "30%")], None),
        ("What is the difference?", [("A", "20%"), ("B", "30%")], "10 percentage points"),
        ("What is the difference?", [("A", "20°C"), ("B", "-5°C")], "25°C"),
        ("What is the difference?", [("A", "1st"), ("B", "3rd")], None),
        ("What is the average?", [("A", "1"), ("B", "2"), ("C", "2")], "about 1.67"),
        ("What is the total?", [("A", "3 km"), ("B", "3 kg")], None),
        ("How many years older is Ann Lee?", AGES, "9 years"),
        ("What is the total cost of 3 tickets?", sized("{}?", "$5", "$7"), None),
        ("What is the total cost of three tickets?", sized("{}?", "$5", "$7"), None),
        ("What is the total cost of the two tickets?", sized("{}?", "$5", "$7"), "12 dollars"),
        ("표 세 장의 값을 더하면?", sized("{}?", "5천 원", "7천 원"), None),
        ("두 사람의 나이를 합하면?", sized("{}의 나이는?", "45세", "서른 살"), "75세"),
        ("What is the difference in total length?", LONG, None),
        ("By what percentage do they differ, the difference?", LONG, None),
        ("두 건물은 몇 년 차이입니까?", KO, "6년"),
        ("두 배의 정원은 모두 몇 명입니까?", SEATS_KO, "398명"),
        ("두 배의 정원의 평균은?", SEATS_KO, "199명"),
        ("두 배의 정원을 더하면?", SEATS_KO, "398명"),
    ],
)
def test_arithmetic(question: str, pairs: Pairs, wanted: str | None) -> None:
    assert answer("arithmetic", question, pairs) == wanted


@pytest.mark.parametrize(
    ("question", "pairs", "wanted"),
    [
        ("How many ships are there?", [("Which ships are there?", "Sora, Mira and Dara")], "3"),
        ("How many ships are there?", [("Which ships are there?", "Sora, Mira, and sora")], "2"),
        ("How many ships are there?", [("Which ships are there?", "Sora and Mira")], "2"),
        ("How many ships are there?", [("Which ships are there?", "Sora, Mira, etc.")], None),
        ("How many ships are there?", [("Which ships are there?", "Sora, Mira and others")], None),
        ("How many islands?", [("Which country is it?", "Trinidad and Tobago")], None),
        ("How many cities?", [("Where is it?", "Paris, Texas, USA")], None),
        ("How many ships?", [("Which ships are there?", "Sora")], None),
        ("Count the ships.", [("Which ships are there?", "Sora, Mira and Dara")], None),
        ("배는 모두 몇 척입니까?", [("어떤 배가 있습니까?", "파도호와 바다호, 하늘호")], "3"),
        ("배는 모두 몇 척입니까?", [("어떤 배가 있습니까?", "파도호, 바다호 등")], None),
        ("과일은 몇 가지입니까?", [("어떤 과일이 있습니까?", "사과, 배 그리고 감")], "3"),
        ("문서는 몇 개입니까?", [("무엇입니까?", "결과 보고서")], None),
        ("How many were built before 1900?", sized("Was {} built before 1900?", "yes", "no"), "1"),
        ("How many still stand?", sized("Was {} demolished?", "yes", "no"), None),
    ],
)
def test_count(question: str, pairs: Pairs, wanted: str | None) -> None:
    assert answer("count", question, pairs) == wanted


def test_explanations_show_the_values() -> None:
    done = compute("compare", "Which is older, the Orrin lighthouse or the Vesk mill?", EN, "en")
    assert done is not None
    assert done.explanation == ("The Orrin lighthouse (1998) is earlier than the Vesk mill (2004).")
    done = compute("compare", "오린 등대와 베스크 방앗간 중 더 오래된 것은?", KO, "ko")
    assert done is not None
    assert done.explanation == "오린 등대(1998년)가 베스크 방앗간(2004년)보다 더 이릅니다."
    seats = [("KTX-2는 몇 명이 탑니까?", "198명"), ("KTX-1은 몇 명이 탑니까?", "143명")]
    done = compute("compare", "KTX-2(198명)와 KTX-1(143명) 중 어느 것이 더 큽니까?", seats, "ko")
    assert done is not None
    assert done.explanation == "KTX-2(198명)가 KTX-1(143명)보다 수치가 더 큽니다."


@pytest.mark.parametrize("op", ["lookup", "synthesise", "filter"])
def test_other_steps_are_left_to_the_model(op: Op) -> None:
    assert answer(op, "Which is older, the Orrin lighthouse or the Vesk mill?", EN) is None


@pytest.mark.parametrize(("end", "wanted"), [("Dunmore and Ardlin.", "9"), ("Dunmore, Ard", None)])
def test_a_list_that_was_cut_is_not_counted(end: str, wanted: str | None) -> None:
    said = "It calls at Orrin, Vesk, Tarn Point, Brae Harbour, Halden Cape, Marsh Ness, Corran Isle"
    pairs = [("Which harbours does the ferry call at?", f"{said}, {end}")]
    assert answer("count", "How many harbours are there?", pairs) == wanted


def test_no_answers_compute_nothing() -> None:
    assert compute("compare", "Which is older, A or B?", [], "en") is None
    assert compute("compare", "Which is older, A or B?", [("A", "1998"), ("B", " ")], "en") is None


@given(
    st.sampled_from(["compare", "boolean", "arithmetic", "count", "filter"]),
    st.text(max_size=40),
    st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=3),
    st.sampled_from(["en", "ko"]),
)
def test_never_raises(op: Op, question: str, pairs: Pairs, language: str) -> None:
    compute(op, question, pairs, "ko" if language == "ko" else "en")


@pytest.mark.parametrize(
    ("op", "question", "pairs"),
    [
        ("boolean", f"Was {OLD} built ten years before the Vesk mill?", EN),
        ("boolean", f"Was {OLD} (1998) built 10 years before the Vesk mill (2004)?", EN),
        ("boolean", f"Was {OLD} built within a year before the Vesk mill?", EN),
        ("boolean", f"Was {OLD} built a decade before the Vesk mill?", EN),
        ("boolean", f"Was {OLD} built shortly before the Vesk mill?", EN),
        ("boolean", "오린 등대는 베스크 방앗간보다 10년 먼저 지어졌습니까?", KO),
        ("boolean", "오린 등대(1998년)는 베스크 방앗간(2004년)보다 십 년 먼저 지어졌습니까?", KO),
        ("boolean", "파도호는 바다호보다 정원이 두 배 더 많습니까?", SEATS_KO),
        ("compare", "Which is more affordable, the Sora or the Mira?", FARES),
        ("compare", "Which is the most economical, the Sora or the Mira?", FARES),
        ("boolean", "Is the Sora more affordable than the Mira?", FARES),
        ("boolean", "Is the Sora less dangerous than the Mira?", FARES),
        (
            "compare",
            "Which route is more direct, the Sora or the Mira?",
            sized("How long is the route of the {}?", "3 km", "5 km"),
        ),
        (
            "compare",
            "Which is deeper, the Sora or the Mira?",
            sized("How deep is the {}?", "-30 m", "-50 m"),
        ),
        (
            "boolean",
            "Do the Sora and the Mira have the same capacity?",
            sized("What is the capacity of the {}?", "about 300", "about 300"),
        ),
        (
            "arithmetic",
            "What is the sum of both costs?",
            sized("What did the {} cost?", "£5m", "£7m"),
        ),
        (
            "compare",
            "Which carries more passengers, the Sora or the Mira?",
            sized("How many passengers does the {} carry?", "300명 내외", "305명"),
        ),
    ],
)
def test_more_than_the_tables_know_is_left_to_the_model(
    op: Op, question: str, pairs: Pairs
) -> None:
    assert answer(op, question, pairs) is None


@pytest.mark.parametrize(
    ("op", "question", "pairs", "expected"),
    [
        ("compare", "Which costs more, the Sora or the Mira?", FARES, "the Mira"),
        ("compare", "Which is more expensive, the Sora or the Mira?", FARES, "the Mira"),
        ("compare", "Which costs the least, the Sora or the Mira?", FARES, "the Sora"),
        ("boolean", "Does the Sora carry more passengers than the Mira?", SEATS, "no"),
        ("boolean", f"Was {OLD} built in an earlier year than the Vesk mill?", EN, "yes"),
    ],
)
def test_more_of_what_is_counted_is_worked_out(
    op: Op, question: str, pairs: Pairs, expected: str
) -> None:
    assert answer(op, question, pairs) == expected
