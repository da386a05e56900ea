"""How much more one is than another: a number where it is more, and left to the model where it is
less, whichever of the two was looked up first.
"""

from __future__ import annotations

import pytest
from support.operands import AGES, EN, KO, LONG, SEATS, SEATS_KO, Pairs, answer, built

CARRIED = [
    ("미라호는 승객을 몇 명 태우나요?", "200명"),
    ("룬드호는 승객을 몇 명 태우나요?", "300명"),
]


@pytest.mark.parametrize(
    ("question", "pairs", "wanted"),
    [
        ("How many more passengers does the Mira carry than the Sora?", SEATS, "42"),
        ("How many more passengers does the Sora carry than the Mira?", SEATS, None),
        ("How many fewer passengers does the Sora carry than the Mira?", SEATS, "42"),
        ("How many fewer passengers does the Mira carry than the Sora?", SEATS, None),
        ("How many years older is Ann Lee than Bob Kim?", AGES, "9 years"),
        ("How many years older is Bob Kim than Ann Lee?", AGES, None),
        ("How many times longer is the Sora than the Mira?", LONG, None),
        ("How many years after the Orrin lighthouse was the Vesk mill built?", EN, "6 years"),
        ("How many years before the Orrin lighthouse was the Vesk mill built?", EN, None),
        ("How many years after the mill (2004) was the lighthouse (1998) built?", EN, None),
        ("How many years before the mill (2004) was the lighthouse (1998) built?", EN, "6 years"),
        ("How many years passed after 1998 before the mill (2004) stood?", EN, "6 years"),
        ("How many more years is it than 1998?", built("1998", "1998"), "0 years"),
        ("바다호의 정원은 파도호의 정원보다 몇 명 더 많습니까?", SEATS_KO, "2명"),
        ("파도호의 정원은 바다호의 정원보다 몇 명 더 많습니까?", SEATS_KO, None),
        ("파도호(198명)보다 바다호(이백 명)는 몇 명 더 많습니까?", SEATS_KO, "2명"),
        ("오린 등대(1998년)가 지어지고 몇 년 뒤에 방앗간(2004년)이 지어졌습니까?", KO, "6년"),
        ("오린 등대(1998년)는 방앗간(2004년)이 지어지고 몇 년 뒤에 지어졌습니까?", KO, None),
        ("미라호는 룬드호보다 승객을 몇 명 더 태우나요?", CARRIED, None),
        ("룬드호는 미라호보다 승객을 몇 명 더 태우나요?", CARRIED, "100명"),
        ("미라호는 룬드호보다 승객을 몇 명 더 많이 태우나요?", CARRIED, None),
        ("미라호는 룬드호보다 승객을 몇 명 더 적게 태우나요?", CARRIED, "100명"),
        ("미라호(200명)는 룬드호(300명)보다 몇 명 더 태우나요?", CARRIED, None),
        ("룬드호(300명)는 미라호(200명)보다 몇 명 더 태우나요?", CARRIED, "100명"),
        ("미라호의 정원은 룬드호보다 몇 명 더 많나요?", CARRIED, None),
        ("룬드호의 정원은 미라호보다 몇 명 더 많나요?", CARRIED, "100명"),
    ],
)
def test_a_difference_has_the_sign_that_its_question_gives_it(
    question: str, pairs: Pairs, wanted: str | None
) -> None:
    assert answer("arithmetic", question, pairs) == wanted
    assert answer("arithmetic", question, pairs[::-1]) == wanted
