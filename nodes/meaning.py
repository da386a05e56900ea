"""When two short answers say the same: certain equality only, the model decides the rest. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from churon.tools.values import Value, clock, fits, order, parse_exact

_LEADS = re.compile(
    r"^(?:(?:the |my )?(?:final |short )?answer(?: is| was)?\s*:?\s+"
    r"|(?:정답|답)(?:은|:)\s*|it(?:'s| is| was) )"
)
_ARTICLES = re.compile(r"\b(?:the|an?) (?=\w)")
# Other signs keep their meaning: C++, -5, 300+, <5
_PLAIN_SIGNS = re.compile(r"[.,;:!?\"'`()\[\]{}*_~/…·“”‘’«»「」『』。、–—]|-(?!\d)|(?<=\w)-")
_COPULA = re.compile(
    r"(?P<stem>\S{2,}?)(?P<long>이었습니다|입니다|이에요|이었다|이다)$"
    r"|(?P<vowel>\S{2,}?)(?:였습니다|예요|였다)$"
)
_SURE = re.compile(r"(?P<stem>[가-힣]{2,})(?P<particle>으로|을|를|는|에서)$")
_PARTICLES = (
    "에서는",
    "에서",
    "에게",
    "으로",
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "의",
    "에",
    "로",
)
_HANGUL = re.compile(r"[가-힣 ]+")
"""Spacing is free within Korean names."""
_SURNAMES = tuple("김이박최정")
_DERIVED = {"정치"}
"""정치가 is a politician, not politics with a particle."""
_YES = {
    "yes",
    "yeah",
    "correct",
    "true",
    "it is",
    "예",
    "네",
    "응",
    "맞다",
    "맞습니다",
    "맞아요",
    "그렇다",
    "그렇습니다",
    "그래요",
}
_NO = {
    "no",
    "incorrect",
    "false",
    "it is not",
    "아니요",
    "아니오",
    "아뇨",
    "아니다",
    "아닙니다",
    "아니에요",
    "그렇지 않다",
    "그렇지 않습니다",
    "틀리다",
    "틀립니다",
}
_OPENING = re.compile(r"(yes|no|예|네|아니요|아니오|아뇨)[,.!]\s(?!\d)")
_HEDGED = re.compile(r"\b(?:but|however|except|unless|only|partly)\b|하지만|그러나|다만|지만")


@lru_cache(maxsize=4096)
def key(text: str) -> str:
    """A normal form: equal keys mean the same answer. "" for a blank answer.

    Numbers, dates and times become canonical (twelve, 12 and 열두 명: "12"), yes and no of both
    languages "yes" and "no"; else lower-case words without articles, sure particles and endings.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if verdict := polarity(text):
        return verdict
    bare = _LEADS.sub("", plain)
    if time := clock(bare):
        return time
    value = _value(text)
    if value is not None:
        return _value_key(value)
    words = _PLAIN_SIGNS.sub(" ", _ARTICLES.sub("", bare)).split()
    return " ".join([*words[:-1], _stem(words[-1])]) if words else ""


@lru_cache(maxsize=4096)
def _value(text: str) -> Value | None:
    return parse_exact(_LEADS.sub("", " ".join(text.split())))


def polarity(text: str) -> Literal["yes", "no"] | None:
    """Whether an answer is a plain yes or no, or opens with one and a comma or full stop."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    plain = _LEADS.sub("", plain) if not plain.startswith("it is") else plain
    opening = None if _HEDGED.search(plain) else _OPENING.match(plain)
    word = opening[1] if opening else plain.strip(" .!\"'*")
    if word in _YES:
        return "yes"
    return "no" if word in _NO else None


def _value_key(value: Value) -> str:
    if value.kind == "date":
        parts = [abs(value.year), *(p for p in (value.month, value.day) if p is not None)]
        return "-".join(map(str, parts)) + " bc" * (value.year < 0)
    amount = value.amount
    written = str(amount.numerator) if amount.denominator == 1 else str(amount)
    # counters are dropped (198명), English nouns and units are not
    noun = value.unit.english if value.dimension == "" else value.dimension
    return f"{written} {noun}".strip() if value.dimension != "age" else written


def _stem(word: str) -> str:
    """A word without its copula and without particles that no noun ends in."""
    if found := _COPULA.fullmatch(word):
        word = found["stem"] or found["vowel"]
    if (found := _SURE.fullmatch(word)) and fits(found["stem"], found["particle"]):
        return found["stem"]
    return word


def without_copula(answer: str) -> str:
    """A Korean answer without the copula that makes a sentence of it: 서울 of 서울입니다."""
    head, space, last = answer.rstrip(" .").rpartition(" ")
    found = _COPULA.fullmatch(last)
    return head + space + (found["stem"] or found["vowel"]) if found else answer


def same(a: str, b: str) -> bool:
    """Whether two answers certainly say the same; reflexive and symmetric, False when unsure."""
    first, second = key(a), key(b)
    if a == b or (first and first == second):
        return True
    respaced = _HANGUL.fullmatch(first) and first.replace(" ", "") == second.replace(" ", "")
    inflected = _inflected(first, second) or _inflected(second, first)
    return bool(respaced) or inflected or _counts_alike(_value(a), _value(b))


def _counts_alike(a: Value | None, b: Value | None) -> bool:
    """Whether two numbers are one count, 12 ships and 12; a unit is never left unsaid: 3 km."""
    if a is None or b is None:
        return False
    a, b = a.as_number(), b.as_number()
    return a.dimension == b.dimension == "" and a.kind == b.kind == "number" and order(a, b) == 0


def _inflected(longer: str, shorter: str) -> bool:
    """Whether one is the other with a particle: 한강은 and 한강, but not 김정은 and 김정."""
    particle = longer.removeprefix(shorter)
    if not shorter or particle not in _PARTICLES or not re.search(r"[가-힣]{2}$", shorter):
        return False
    name = len(longer) == 3 and longer.startswith(_SURNAMES)
    return fits(shorter, particle) and not name and shorter not in _DERIVED


def groups(answers: Sequence[str]) -> list[list[int]]:
    """Indices of answers that say the same, in order of first mention; blank ones in none."""
    found: list[list[int]] = []
    for index, answer in enumerate(answers):
        if not key(answer):
            continue
        held = [group for group in found if any(same(answer, answers[i]) for i in group)]
        rest = [group for group in found if group not in held]
        merged = sorted([index, *(i for group in held for i in group)])
        found = sorted([*rest, merged])
    return found
