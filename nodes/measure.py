"""Arithmetic on the values of short answers: difference, sum, average, ratio. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Literal

from churon.nodes.direction import SCALES, Scale
from churon.tools.types import Language
from churon.tools.values import PLAIN, Unit, Value, comparable, parse_value, show, show_amount
from churon.tools.values.english import RUN, english_number
from churon.tools.values.korean import korean_number

Work = Literal["difference", "sum", "average", "ratio"]

_COMPARATIVE = r"(?:more|fewer|less|[a-z]{2,}er)"
_WORK: dict[Language, dict[Work, re.Pattern[str]]] = {
    "en": {
        "difference": re.compile(
            rf"\bdifference\b|\bhow (?:many|much) (?:(?!times\b)\w+ )?{_COMPARATIVE}\b"
            r"|\bhow many (?:years|days)\b.*\b(?:between|after|before|apart|passed|elapsed)\b"
        ),
        "sum": re.compile(r"\b(?:sum|total|altogether|combined|in all)\b"),
        "average": re.compile(r"\b(?:average|mean)\b"),
        "ratio": re.compile(r"\bhow many times (?:as|(?!more|few|less)[a-z]+er)\b"),
    },
    "ko": {
        "difference": re.compile(
            r"차이|얼마나 더|몇 ?[가-힣]{1,4} ?더|몇 년 ?(?:뒤|후|만에|앞)|몇 년이? (?:흘|지[나났])"
            r"|사이에? 몇"
        ),
        "sum": re.compile(r"합계|합[은이을하친쳐쳤]|더하면|모두 (?:몇|얼마)|총 (?:몇|얼마)"),
        "average": re.compile(r"평균"),
        "ratio": re.compile(r"몇 ?배"),
    },
}
_NATIVE = re.compile(r"(?:^|\s)(두|세|네|다섯|여섯|일곱|여덟|아홉|열)(?=\s)")
_ODD = re.compile(
    r"\b(?:percent\w*|twice|half|double|square[ds]?|each|minus|plus|times more|median|change)\b"
    r"|%|퍼센트|절반|제곱|각각|나머지|중앙값|비율"
)
_DAYS = re.compile(r"\bdays?\b|며칠|몇 ?일")
_OTHER_TIME = re.compile(r"\b(?:months?|weeks?|decades?|centur\w+|hours?)\b|개월|달|주일|세기|시간")
_YEARS = Unit("calendar", Fraction(12), "years", "년")
_AGE = Unit("age", Fraction(1), "years old", "세")
_WHEN = re.compile(r"\bwhen\b|\byear\b|\bdate\b|언제|몇 년|연도|년도|날짜")
_MANY = re.compile(r"\bhow (?:many|much)\b|몇 (?!년)|얼마")
_OLD = re.compile(r"\bhow old\b|\bage\b|나이|몇 (?:살|세)")
_SPAN = Unit("time", Fraction(86400), "days", "일")
_POINTS = Unit("points", Fraction(1), "percentage points", "%포인트")
_TIMES = Unit("ratio", Fraction(1), "times", "배")
_AS_ONE_GOES = ("ordinal", "percent", "points", "degree", "temperature")
"""Dimensions without a sum."""

KOREAN = {
    "older": "나이가 더 많습니다",
    "younger": "나이가 더 적습니다",
    "earlier": "더 이릅니다",
    "later": "더 늦습니다",
    "longer": "더 깁니다",
    "shorter": "더 짧습니다",
    "faster": "더 빠릅니다",
    "slower": "더 느립니다",
    "warmer": "더 따뜻합니다",
    "colder": "더 춥습니다",
    "heavier": "더 무겁습니다",
    "lighter": "더 가볍습니다",
    "smaller": "수치가 더 작습니다",
    "larger": "수치가 더 큽니다",
}
"""What an explanation says of the winner, by the scale's name."""
_WORDS = {"before": "earlier", "이전": "earlier", "전": "earlier"} | dict.fromkeys(
    ("after", "이후", "뒤", "후", "만"), "later"
)


def scale_of(words: Iterable[str]) -> Scale | None:
    """The scale that before, after, 이전 or 뒤에 stands for; None for none, or several."""
    names = {_WORDS.get(word.casefold().rstrip("에으로")) for word in words} - {None}
    found = [scale for scale in SCALES if scale.name in names]
    return found[0] if len(found) == 1 else None


def values(answers: Sequence[tuple[str, str]]) -> list[Value] | None:
    """The answers' values, all of one kind, each read as its sub-question asks; None if any fails.

    Lone years are numbers beside numbers.
    """
    parsed = [_asked(label, parse_value(answer)) for label, answer in answers]
    found = [value for value in parsed if value is not None]
    if len(found) < len(parsed):
        return None
    if any(value.kind == "number" for value in found):
        found = [value.as_number() for value in found]
    alike = all(comparable(a, b) for a in found for b in found)
    return found if alike else None


def _asked(label: str, value: Value | None) -> Value | None:
    """When ...? makes 1998 a year, how many ...? a number, and how old ...? 45 an age."""
    if value is None:
        return None
    text = label.casefold()
    if value.bare and (_WHEN.search(text) or _MANY.search(text)):
        return value.as_number() if _MANY.search(text) else replace(value, bare=False)
    if _OLD.search(text) and value.kind == "number" and value.unit in {PLAIN, _YEARS}:
        return replace(value, amount=value.amount / value.unit.factor, unit=_AGE)
    return value


def suited(found: Sequence[Value] | None, scale: Scale | None) -> list[Value] | None:
    """The values with lone years read as counts where the scale knows no dates."""
    if found is None or scale is None or "date" in scale.signs:
        return None if found is None else list(found)
    return [value.as_number() for value in found]


def constants(question: str, answers: Sequence[tuple[str, str]]) -> bool:
    """Whether a question brings numbers of its own: "the total cost of 3 tickets"."""
    held = " ".join(f"{label} {answer}" for label, answer in answers)
    digits = re.findall(r"\d[\d,.]*", question)
    if any(number.rstrip(",.") not in held for number in digits):
        return True
    spoken = [*RUN.findall(question), *_NATIVE.findall(question)]
    counts = {english_number(word) or korean_number(word) for word in spoken if word not in held}
    return not counts <= {None, 1, len(answers)}


def exact(found: Sequence[Value]) -> bool:
    """Whether equal means the same moment or amount: numbers, and dates with a day."""
    return all(value.kind == "number" or value.day is not None for value in found)


def listed(parts: Sequence[str], language: Language) -> str:
    """ "A, B and C", in Korean "A, B, C"."""
    if language == "ko" or len(parts) < 2:
        return ", ".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def work(question: str, found: Sequence[Value], language: Language) -> tuple[str, str] | None:
    """Answer and explanation of the one calculation that the question asks for."""
    text = question.casefold()
    kinds = [kind for kind, pattern in _WORK[language].items() if pattern.search(text)]
    if len(kinds) != 1 or _ODD.search(text):
        return None
    if kinds[0] == "difference" and found[0].kind == "date":
        return _between(text, found, language)
    numbers = [value.as_number() for value in found]
    if any(value.kind == "date" for value in numbers):
        return None
    result = _calculated(kinds[0], numbers)
    return None if result is None else _told(kinds[0], numbers, result, language)


def _calculated(kind: Work, numbers: Sequence[Value]) -> tuple[Fraction, Unit] | None:
    amounts, unit, dimension = [n.amount for n in numbers], numbers[0].unit, numbers[0].dimension
    if dimension == "ordinal":
        return None
    if dimension == "age" and kind == "difference":  # years of difference are not years old
        amounts, unit = [12 * amount for amount in amounts], _YEARS
    if kind == "difference":
        return _difference(amounts, unit) if len(amounts) == 2 else None
    if kind == "ratio":
        low, high = min(amounts), max(amounts)
        good = len(amounts) == 2 and low > 0 and dimension not in {"temperature", "degree"}
        return (high / low, _TIMES) if good else None
    if dimension in _AS_ONE_GOES and not (kind == "average" and dimension == "temperature"):
        return None
    total = sum(amounts, Fraction(0))
    return (total if kind == "sum" else total / len(amounts)), unit


def _difference(amounts: Sequence[Fraction], unit: Unit) -> tuple[Fraction, Unit]:
    shift = replace(unit, offset=Fraction(0))  # 5 degrees apart, wherever the scale begins
    return abs(amounts[0] - amounts[1]), _POINTS if unit.dimension == "percent" else shift


def _told(
    kind: Work, numbers: Sequence[Value], result: tuple[Fraction, Unit], language: Language
) -> tuple[str, str] | None:
    amount, unit = result
    written = amount / unit.factor - unit.offset
    rounded = round(written, 2)
    if written and not rounded:
        return None
    about = rounded != written or any(number.approximate for number in numbers)
    answer = ("약 " if language == "ko" else "about ") * about
    answer += show_amount(amount, unit, language)
    sides = numbers
    if kind in {"difference", "ratio"}:
        sides = sorted(numbers, key=lambda number: -number.amount)
    sign = {"difference": " − ", "ratio": " ÷ "}.get(kind, " + ")
    left = sign.join(show(side, language) for side in sides)
    left = f"({left}) ÷ {len(sides)}" if kind == "average" else left
    return answer, f"{left} {'≈' if about else '='} {show_amount(amount, unit, language)}."


def _between(question: str, found: Sequence[Value], language: Language) -> tuple[str, str] | None:
    if len(found) != 2 or any(value.approximate for value in found):
        return None
    first, last = sorted(found, key=lambda v: (v.year, v.month or 0, v.day or 0))
    spent = None if _OTHER_TIME.search(question) else _elapsed(first, last)
    unit = _YEARS
    if _DAYS.search(question):
        spent, unit = _days(first, last), _SPAN
    if spent is None:
        return None
    if all(value.bare for value in found) and not re.search(r"\byears?\b|년|older|newer", question):
        unit = PLAIN  # 1998 and 2004 may be counts: the number is the same
    answer = show_amount(spent * unit.factor, unit, language)
    return answer, f"{show(last, language)} − {show(first, language)} = {answer}."


def _elapsed(first: Value, last: Value) -> int | None:
    """Years from date to date; None where whole years and calendar years differ."""
    years = last.year - first.year - (first.year < 0 < last.year)  # there was no year 0
    if first.month is None or last.month is None:
        return years
    begun = (last.month, last.day or 0) < (first.month, first.day or 0)
    unsure = last.month == first.month and (last.day is None) is not (first.day is None)
    return None if begun or unsure else years


def _days(first: Value, last: Value) -> int | None:
    if not exact((first, last)) or first.year < 1583:  # the Gregorian calendar had begun
        return None
    return (_date(last) - _date(first)).days


def _date(value: Value) -> date:
    return date(value.year, value.month or 1, value.day or 1)
