"""Dates in English and Korean text. Pure.

Patterns of our own: the date libraries fill in what a text does not say with today's date.
"""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Iterator

from churon.tools.values.value import Value

_MONTHS = {name.casefold(): n for n, name in enumerate(calendar.month_name) if n} | {
    **{name.casefold(): n for n, name in enumerate(calendar.month_abbr) if n},
    "sept": 9,
}
_M = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_D = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_Y = r"(?P<year>\d{3,4})(?![\d,.]*\d)(?!\w)"
_ERA = r"(?:\s?(?P<era>BCE?|B\.C\.(?:E\.)?|AD|A\.D\.|CE)(?!\w))"
_K = r"(?P<year>\d{4})년(?!\s?(?:동안|간|째|만에))"
_PATTERNS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![\w.,-])(?:the )?{_D}(?: day)?(?: of)? {_M},? {_Y}{_ERA}?",
        rf"(?<!\w){_M} (?:the )?{_D},? {_Y}{_ERA}?",
        rf"(?<!\w){_M},?(?: of)? {_Y}{_ERA}?",
        r"(?<![\w.,/-])(?P<year>\d{4})(?P<sep>[-/.]) ?(?P<month>\d{1,2})(?P=sep) ?(?P<day>\d{1,2})"
        r"(?![\w/-]|\.\d)(?:T[\d:Z]+)?",
        rf"(?<![\w.,-])(?P<year>\d{{1,4}}){_ERA}",
        r"(?<!\w)(?P<era>AD|A\.D\.|CE) ?(?P<year>\d{1,4})(?![\w,-]|\.\d)",
        r"(?P<era>기원전|기원후|서기|BC) ?(?P<year>\d{1,4})년(?: ?(?P<month>\d{1,2})월"
        r"(?: ?(?P<day>\d{1,2})일)?)?",
        rf"(?<![\w.,-]){_K} ?(?P<month>\d{{1,2}})월(?: ?(?P<day>\d{{1,2}})일)?",
        # three digits may be a duration: "918년에" is a year, "918년" undecided
        r"(?<![\w.,-])(?P<year>[1-9]\d{2})년(?=에(?![가-힣]))",
        rf"(?<![\w.,-]){_K}",
    )
]
TAIL = re.compile(
    r"도?(?:\s?(?:초|말|중반|경|쯤|무렵|봄|여름|가을|겨울))?(?:생|산|부터)?"
    r"(?:에는|에|의|은|는|이|을|인|로|으로|도|과|와)?"
    r"(?:이다|다|이었다|였다|입니다|이에요|예요|이었습니다|였습니다|임)?(?![가-힣])"
)
"""What may follow a Korean date in its word."""
_CIRCA = re.compile(r"경|쯤|무렵")
_LONE = re.compile(r"(?<![\w.,:/$€₩£¥#-])(?P<year>1\d{3}|20\d\d|2100)(?![\w:/%°–+'^-]|[.,]\d)")
_SAID = re.compile(
    r"\b(?:in|year|year of|since|circa|c\.|ca\.|during|early|late|mid)\W?\s*$", re.IGNORECASE
)
_COUNTED = re.compile(
    r"(?:\s|-)+(?!(?:and|or|in|by|at|on|with|when|as|was|is|to|the)\b)[a-z]|\s?[가-힣]"
)
_ANNO = {"기원전", "bc", "bce"}


def dates(text: str) -> Iterator[tuple[int, int, Value]]:
    """Each date with where it starts and ends; the caller masks it before reading numbers."""
    for pattern in _PATTERNS:
        for found in pattern.finditer(text):
            value = _value(found)
            end = _end(text, found.end())
            if value is not None and end is not None:
                about = bool(_CIRCA.search(text[found.end() : end]))
                yield found.start(), end, _about(value, about)
    for found in _LONE.finditer(text):
        said = bool(_SAID.search(text[: found.start()]))
        if not _COUNTED.match(text, found.end()):
            yield found.start(), found.end(), Value("date", year=int(found["year"]), bare=not said)


def _end(text: str, end: int) -> int | None:
    if not re.match(r"\s?[가-힣]", text[end:]) or text[end - 1] not in "년월일":
        return end
    found = TAIL.match(text, end)
    return found.end() if found else (end if text[end] == " " else None)


def _about(value: Value, about: bool) -> Value:
    return Value("date", year=value.year, month=value.month, day=value.day, approximate=about)


def _value(found: re.Match[str]) -> Value | None:
    parts = found.groupdict()
    era = (parts.get("era") or "").replace(".", "").casefold()
    year, month = int(parts["year"]), parts.get("month")
    number = None if month is None else _MONTHS.get(month.casefold()) or _month(month)
    day = int(parts["day"]) if parts.get("day") else None
    try:  # rejects 31 February; a leap year stands in where the year is before Christ
        datetime.date(2000 if era in _ANNO else year, number or 1, day or 1)
    except ValueError:
        return None
    return Value("date", year=-year if era in _ANNO else year, month=number, day=day)


def _month(text: str) -> int:
    return int(text) if text.isdigit() else 0
