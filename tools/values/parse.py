"""The one value that a short answer holds, or None. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from churon.tools.values import affix
from churon.tools.values.english import english_ordinal
from churon.tools.values.korean import korean_number
from churon.tools.values.scan import Mention, scan
from churon.tools.values.units import ORDINAL
from churon.tools.values.value import Value, comparable

_SPLIT = {"time", "calendar", "length", "mass"}
"""Dimensions written in parts: 2 hours 30 minutes, 5 feet 3 inches."""
_RESTATED = Fraction(2, 100)
"""A value in brackets within this share of the one before restates it: 5 miles (8 km)."""
_LONGEST = 400
_FILLER = re.compile(
    r"\b(?:the|answer|is|was|it|in|on|at|of|a|an|about|around|approximately|approx|roughly|some"
    r"|nearly|almost|circa|c|ca|exactly|only|just|total|year|there|are|were|since|built)\b"
    r"|약|대략|거의|총|모두|정답은?|답은?|경|쯤|정도|가량|[\W\d]",
    re.IGNORECASE,
)


def parse_value(text: str) -> Value | None:
    """The value of a text that holds exactly one, in English or Korean; never a guess.

    None: no value, several unlike ones, a range, a bound ("over 300"), a denial, a number in a
    name (Pier 7), or any digit that was not understood.
    """
    return _read(text, bare=False)


def parse_exact(text: str) -> Value | None:
    """As `parse_value`, for a text that is the value and nothing else but filler words."""
    return _read(text, bare=True)


def _read(text: str, bare: bool) -> Value | None:
    if len(text) > _LONGEST:
        return None
    text = affix.clean(text)
    if (ordinal := _ordinal(text)) is not None:
        return Value("number", Fraction(ordinal), ORDINAL)
    found = scan(text)
    values = _joined(text, found.mentions)
    if found.doubtful or not values or (bare and _FILLER.sub("", found.rest)):
        return None
    first, *others = values
    return first if all(_restates(first, other, text) for other in others) else None


def _ordinal(text: str) -> int | None:
    short = re.sub(
        r"^(?:the|it was|in)\s|\s(?:place|one|time)$|[.\s]+$", "", text, flags=re.IGNORECASE
    )
    if (number := english_ordinal(short)) is not None:
        return number
    found = re.fullmatch(r"([가-힣]+|\d+)\s?(번째|째|위)(?:이다|입니다|로|예요|이에요)?", short)
    if not found:
        return None
    amount = korean_number(found[1])
    return int(amount) if amount is not None and amount.denominator == 1 else None


def _joined(text: str, mentions: Sequence[Mention]) -> list[Value]:
    joined: list[Mention] = []
    for mention in mentions:
        if joined and _continues(text, joined[-1], mention):
            last = joined.pop()
            amount = last.value.amount + mention.value.amount
            whole = replace(last.value, amount=amount)
            # the smaller unit decides what may still follow
            joined.append(Mention(last.start, mention.end, replace(whole, unit=mention.value.unit)))
        else:
            joined.append(mention)
    return [mention.value for mention in joined]


def _continues(text: str, last: Mention, mention: Mention) -> bool:
    between = text[last.end : mention.start].strip(" ,")
    a, b = last.value, mention.value
    return (
        between in {"", "and"}
        and a.kind == b.kind == "number"
        and a.dimension == b.dimension in _SPLIT
        and a.unit.factor > b.unit.factor > 0
        and b.amount < a.unit.factor
    )


def _restates(first: Value, other: Value, text: str) -> bool:
    a, b = replace(first, approximate=False), replace(other, approximate=False)
    if a.kind == "date" or not comparable(a, b):
        return a == b
    close = abs(a.amount - b.amount) <= _RESTATED * abs(a.amount)
    return a.amount == b.amount or (close and a.unit != b.unit and "(" in text)
