"""The pseudo-program: compare, count, arithmetic and boolean on short answers, or None."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churon.nodes.operations import compute
from churon.tools.korean import detect_language
from churon.tools.types import Op

Pairs = list[tuple[str, str]]


def built(first: str, second: str) -> Pairs:
    return [
        ("When was the Orrin lighthouse built?", first),
        ("When was the Vesk mill built?", second),
    ]


def built_ko(first: str, second: str) -> Pairs:
    return [
        ("오린 등대는 언제 지어졌습니까?", first),
        ("베스크 방앗간은 언제 지어졌습니까?", second),
    ]


def sized(label: str, first: str, second: str) -> Pairs:
    return [(label.format("Sora"), first), (label.format("Mira"), second)]


def answer(op: Op, question: str, pairs: Pairs) -> str | None:
    done = compute(op, question, pairs, detect_language(question))
    return None if done is None else done.answer


OLD = "the Orrin lighthouse"
BANKS = [("When was the First Bank founded?", "1900"), ("When was the Last Bank founded?", "1890")]
EN, KO = built("1998", "2004"), built_ko("1998년", "2004년")
LONG = sized("How long is the {}?", "3 km", "2 miles")
SEATS = sized("How many passengers does the {} carry?", "198 passengers", "240")
SEATS_KO = [("파도호의 정원은 몇 명입니까?", "198명"), ("바다호의 정원은 몇 명입니까?", "이백 명")]
BORN = [("When was Ann Lee born?", "3 May 1970"), ("When was Bob Kim born?", "1968")]
BORN_KO = [("김민수는 언제 태어났습니까?", "1970년"), ("이영희는 언제 태어났습니까?", "1968년")]
AGES = [("How old is Ann Lee?", "45"), ("How old is Bob Kim?", "36 years")]


@pytest.mark.parametrize(
    ("question", "pairs", "wanted"),
    [
        ("Which is older, the Orrin lighthouse (1998) or the Vesk mill (2004)?", EN, OLD),
        ("Which was built first, the Orrin lighthouse or the Vesk mill?", EN, OLD),
        ("Was the Orrin lighthouse or the Vesk mill built later?", EN, "the Vesk mill"),
        ("Which of the Orrin lighthouse and the Vesk mill is newer?", EN, "the Vesk mill"),
        ("Which is older?", EN, OLD),
        ("Which is the oldest, the Vesk mill or the Orrin lighthouse?", EN, OLD),
        ("Which is more recent, the Vesk mill or the Orrin lighthouse?", EN, "the Vesk mill"),
        ("Which is longer, the Sora or the Mira?", LONG, "the Mira"),
        ("Which ship is shorter, Sora or Mira?", LONG, "Sora"),
        ("Which carries more passengers, the Sora or the Mira?", SEATS, "the Mira"),
        ("Which carries fewer passengers, Sora or Mira?", SEATS, "Sora"),
        ("Who is older, Ann Lee or Bob Kim?", BORN, "Bob Kim"),
        ("Who was born later, Bob Kim or Ann Lee?", BORN, "Ann Lee"),
        ("Who is younger, Ann Lee or Bob Kim?", BORN, "Ann Lee"),
        ("Who is older, Ann Lee or Bob Kim?", AGES, "Ann Lee"),
        ("Who is younger, Ann Lee or Bob Kim?", AGES, "Bob Kim"),
        ("Which ship is faster?", [("Sora", "20 knots"), ("Mira", "30 km/h")], "Sora"),
        ("Which is faster, Sora or Mira?", [("Sora", "3 hours"), ("Mira", "150 minutes")], "Mira"),
        (
            "Which bank is older, the First Bank or the Last Bank?",
            BANKS,
            "the Last Bank",
        ),
        (
            "Which is tallest, Halden, Orrin or Vesk?",
            [("How tall is Orrin?", "63 m"), ("How tall is Vesk?", "200 ft"), ("Halden", "70 m")],
            "Halden",
        ),
        (
            "오린 등대(1998년)와 베스크 방앗간(2004년) 중 어느 것이 더 오래되었습니까?",
            KO,
            "오린 등대",
        ),
        ("오린 등대와 베스크 방앗간 중 더 나중에 지어진 것은?", KO, "베스크 방앗간"),
        ("오린 등대와 베스크 방앗간 중 어느 것이 먼저 지어졌습니까?", KO, "오린 등대"),
        ("어느 것이 더 오래되었습니까?", KO, "오린 등대"),
        ("파도호와 바다호 가운데 정원이 더 많은 배는 어느 것입니까?", SEATS_KO, "바다호"),
        ("파도호와 바다호 중 정원이 더 적은 배는?", SEATS_KO, "파도호"),
        ("김민수와 이영희 중 나이가 더 많은 사람은?", BORN_KO, "이영희"),
        ("김민수와 이영희 중 누가 더 어립니까?", BORN_KO, "김민수"),
        (
            "김민수와 이영희 중 나이가 더 많은 사람은?",
            [("김민수", "45살"), ("이영희", "서른 살")],
            "김민수",
        ),
    ],
)
def test_compares(question: str, pairs: Pairs, wanted: str) -> None:
    assert answer("compare", question, pairs) == wanted
    assert answer("compare", question, pairs[::-1]) == wanted  # whichever parent comes first


@pytest.mark.parametrize(
    ("question", "pairs"),
    [
        ("Which is older, 1998 or 2004?", EN),
        ("Which is not older, the Orrin lighthouse or the Vesk mill?", EN),
        ("Which is the second oldest, the Orrin lighthouse or the Vesk mill?", EN),
        ("Which is larger, the Orrin lighthouse or the Vesk mill?", EN),
        ("Which is longer, the Orrin lighthouse or the Vesk mill?", EN),
        ("Which is less old, the Orrin lighthouse or the Vesk mill?", EN),
        ("Which is better, the Orrin lighthouse or the Vesk mill?", EN),
        ("Which is older and larger, the Orrin lighthouse or the Vesk mill?", EN),
        ("Which is older, the Orrin lighthouse or the Vesk mill?", built("1998", "1998")),
        ("Which is older, the Orrin lighthouse or the Vesk mill?", built("1998", "March 1998")),
        ("Which is older, the Orrin lighthouse or the Vesk mill?", built("1998", "unknown")),
        ("Which is older, the Orrin lighthouse or the Vesk mill?", built("c. 1998", "2004")),
        ("Which is older, the Orrin lighthouse or the Vesk mill?", built("1998", "the 1990s")),
        ("Which is older, the Orrin lighthouse or the Vesk mill?", EN[:1]),
        ("Which film has the older director, Red Sky or Blue Sea?", BORN),
        ("Which film has the older director?", BORN),
        ("Which is longer, the Sora or the Mira?", [("Sora", "3 km"), ("Mira", "3 kg")]),
        ("Which is higher, the Sora or the Mira?", [("Sora", "1st"), ("Mira", "3rd")]),
        ("Which ranks higher, the Sora or the Mira?", [("Sora", "1"), ("Mira", "3")]),
        ("오린 등대와 베스크 방앗간 중 더 오래되지 않은 것은?", KO),
        ("오린 등대와 베스크 방앗간 중 덜 오래된 것은?", KO),
        ("오린 등대와 베스크 방앗간 중 더 좋은 것은?", KO),
        ("오린 등대와 베스크 방앗간 중 더 큰 것은?", KO),
        ("Who died first, Ann Lee or Bob Kim?", BORN),
        ("Who died older, Ann Lee or Bob Kim?", BORN),
        ("Which magazine was first printed, Red Sky or Blue Sea?", EN),
        ("두 감독 중 나이가 더 많은 감독의 영화는?", BORN_KO),
    ],
)
def test_compares_nothing_in_doubt(question: str, pairs: Pairs) -> None:
    assert answer("compare", question, pairs) is None


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


@pytest.mark.parametrize(
    ("question", "pairs", "wanted"),
    [
        (
            "Which aired first, The Gate of Tarn (5 July 2010) or To Pants or Not to Pants (2009)?",
            [
                ("When did The Gate of Tarn air?", "5 July 2010"),
                ("When did To Pants or Not to Pants air?", "2009"),
            ],
            "To Pants or Not to Pants",
        ),
        (
            "Which is older, First and Last (1998), or The Mill and the Sea (2004)?",
            [
                ("When did First and Last open?", "1998"),
                ("When did The Mill and the Sea open?", "2004"),
            ],
            "First and Last",
        ),
        (
            "Which opened first, the mill (1898) or the pier (1898)?",
            [("When did the mill open?", "1898"), ("When did the pier open?", "1898")],
            None,  # as early
        ),
        (
            "Which opened first, the inn (1898) or the pier (1901)?",
            [("When did the mill open?", "1898"), ("When did the pier open?", "1901")],
            None,  # the inn is no mill
        ),
    ],
)
def test_names_stand_before_their_answers_in_brackets(
    question: str, pairs: Pairs, wanted: str | None
) -> None:
    done = compute("compare", question, pairs, "en")
    assert (done.answer if done else None) == wanted


@pytest.mark.parametrize(
    ("question", "labels"),
    [
        (
            "Who was born first, the director of Jaws (1946) or the director of Alien (1937)?",
            ["When was Jaws' director born?", "When was Alien's director born?"],
        ),
        (
            "Which was built first, the Eiffel Tower (1946) or Tokyo Tower (1937)?",
            ["When was the tower in Paris built?", "When was Tokyo Tower built?"],
        ),
        (
            "Which opened first after 1900, the mill (1946) or the pier (1937)?",
            ["When did the mill open?", "When did the pier open?"],
        ),
        (
            "Who is older, Ann Lee (1946) or Bo Kim (1937)?",
            ["When did Ann Lee die?", "When did Bo Kim die?"],
        ),
        (
            "Which closed first, the mill (1946) or the pier (1937)?",
            ["When did the mill open?", "When did the pier open?"],
        ),
        (
            "Which failed to open first, the mill (1946) or the pier (1937)?",
            ["When did the mill open?", "When did the pier open?"],
        ),
        (
            "Who is not older, No (1946) or n (1937)?",
            ["When was No born?", "When was n born?"],
        ),
        (
            "오린의 등대(1946)와 베스크 등대(1937) 중 어느 것이 먼저 지어졌습니까?",
            ["오린 등대는 언제 지어졌습니까?", "베스크 등대는 언제 지어졌습니까?"],
        ),
        (
            "봉준호의 아버지(1946)와 이창동(1937) 중 누가 먼저 태어났습니까?",
            ["봉준호 아버지는 언제 태어났습니까?", "이창동은 언제 태어났습니까?"],
        ),
    ],
)
def test_a_comparison_in_doubt_is_the_models(question: str, labels: list[str]) -> None:
    pairs = list(zip(labels, ["1946", "1937"], strict=True))
    language = detect_language(question)
    assert compute("compare", question, pairs, language) is None


def test_a_verb_before_a_name_is_no_part_of_it() -> None:
    pairs = [("When was the mill built?", "1946"), ("When was the pier built?", "1937")]
    question = "Which came first, was the mill (1946) or was the pier (1937)?"
    done = compute("compare", question, pairs, "en")
    assert done is not None and done.answer == "the pier"


def test_korean_names_stand_before_their_answers() -> None:
    pairs = [("낮과 밤은 언제 나왔습니까?", "1998년"), ("땅과 바다는 언제 나왔습니까?", "2004년")]
    question = "낮과 밤(1998년)과 땅과 바다(2004년) 중 어느 것이 먼저 나왔습니까?"
    done = compute("compare", question, pairs, "ko")
    assert done is not None and done.answer == "낮과 밤"


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


def test_no_answers_compute_nothing() -> None:
    assert compute("compare", "Which is older, A or B?", [], "en") is None
    assert compute("compare", "Which is older, A or B?", [("A", "1998"), ("B", " ")], "en") is None


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_compare_is_antisymmetric(a: int, b: int) -> None:
    pairs = sized("How many passengers does the {} carry?", f"{a}", f"{b}")
    more = answer("compare", "Which carries more passengers, the Sora or the Mira?", pairs)
    fewer = answer("compare", "Which carries fewer passengers, the Sora or the Mira?", pairs)
    if a == b:
        assert more is fewer is None
    else:
        assert (more, fewer) == (("the Sora", "the Mira") if a > b else ("the Mira", "the Sora"))


@given(
    st.sampled_from(["compare", "boolean", "arithmetic", "count", "filter"]),
    st.text(max_size=40),
    st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=3),
    st.sampled_from(["en", "ko"]),
)
def test_never_raises(op: Op, question: str, pairs: Pairs, language: str) -> None:
    compute(op, question, pairs, "ko" if language == "ko" else "en")


FARES = sized("What is the fare of the {}?", "10 euros", "20 euros")


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
