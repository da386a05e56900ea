"""Steps' questions with their answers, as operations work on them."""

from __future__ import annotations

from churon.nodes.operations import compute
from churon.tools.korean import detect_language
from churon.tools.types import Op

Pairs = list[tuple[str, str]]


def built(first: str, second: str) -> Pairs:
    """Two years."""
    return [
        ("When was the Orrin lighthouse built?", first),
        ("When was the Vesk mill built?", second),
    ]


def built_ko(first: str, second: str) -> Pairs:
    """The same in Korean."""
    return [
        ("오린 등대는 언제 지어졌습니까?", first),
        ("베스크 방앗간은 언제 지어졌습니까?", second),
    ]


def sized(label: str, first: str, second: str) -> Pairs:
    """Two sizes."""
    return [(label.format("Sora"), first), (label.format("Mira"), second)]


def answer(op: Op, question: str, pairs: Pairs) -> str | None:
    """What code works out, None where it does not."""
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
FARES = sized("What is the fare of the {}?", "10 euros", "20 euros")
