"""Which of several is more, or less: worked out from their answers, or left to the model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.operands import (
    AGES,
    BANKS,
    BORN,
    BORN_KO,
    EN,
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
from churon.tools.korean import detect_language


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


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_compare_is_antisymmetric(a: int, b: int) -> None:
    pairs = sized("How many passengers does the {} carry?", f"{a}", f"{b}")
    more = answer("compare", "Which carries more passengers, the Sora or the Mira?", pairs)
    fewer = answer("compare", "Which carries fewer passengers, the Sora or the Mira?", pairs)
    if a == b:
        assert more is fewer is None
    else:
        assert (more, fewer) == (("the Sora", "the Mira") if a > b else ("the Mira", "the Sora"))
