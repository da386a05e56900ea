"""Every value that a text mentions, and whether any digit or numeral was left unread. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from churon.tools.values import affix, dates, english, korean
from churon.tools.values.units import CURRENCY_SIGNS, ORDINAL, PLAIN, UNITS, Unit
from churon.tools.values.value import Value

_MASK = "\x00"
_SIGN = r"(?P<sign>(?:US\$|[$€₩£]|(?:USD|KRW|EUR)\s)?)"
_DIGITS = re.compile(
    rf"(?<![\w.,:/$€₩£¥#–~-]){_SIGN}\s?(?P<minus>[-−](?=\d))?(?P<number>(?=\d){korean.SINO})"
)
_SCALE = re.compile(r"[\s-]?(trillion|billion|million|thousand|hundred|dozen|bn)\b", re.IGNORECASE)
_SCALES = english.SCALES | {"bn": 10**9, "hundred": 100, "dozen": 12}
_NAMES = {"이천", "사천", "오천", "만일", "천일", "백일"}
"""Towns and words that spell a number."""
_FREE = {"둘", "셋", "넷"}
"""Numerals of one syllable that mean nothing else."""
# Digits that _DIGITS refused (£5m) are not taken here either
_HANGUL = re.compile(rf"(?<![\w.,:/$€₩£¥#–~-]){korean.SINO}")
_NATIVE = re.compile(rf"(?<![\w.,]){korean.NATIVE}")


@dataclass(frozen=True)
class Mention:
    """A value with its place in the scanned text."""

    start: int
    end: int
    value: Value


@dataclass(frozen=True)
class Scan:
    """What a text mentions, in order, and the text around it."""

    mentions: tuple[Mention, ...]
    rest: str
    """The text with a space for each mention."""
    doubtful: bool
    """Something that looks like a value was not understood, is a bound, or is denied."""


def scan(text: str) -> Scan:
    """All mentions in `text`, which is expected in `affix.clean` form."""
    found: list[Mention] = []
    masked = text
    for finder in (_dates, _digits, _hangul, _native, _english):
        for mention in finder(masked):
            inside = masked[mention.start : mention.end]
            if inside and _MASK not in inside:
                masked = _blank(masked, mention)
                found.append(mention)
    found.sort(key=lambda mention: mention.start)
    doubtful = affix.leftover(masked) or any(affix.bounded(text, m.start, m.end) for m in found)
    about = [_approximate(text, mention) for mention in found]
    return Scan(tuple(about), re.sub(rf"{_MASK}+", " ", masked), doubtful)


def _blank(text: str, mention: Mention) -> str:
    return text[: mention.start] + _MASK * (mention.end - mention.start) + text[mention.end :]


def _approximate(text: str, mention: Mention) -> Mention:
    if not affix.approximate(text, mention.start, mention.end):
        return mention
    return replace(mention, value=replace(mention.value, approximate=True))


def _dates(text: str) -> Iterator[Mention]:
    return (Mention(*found) for found in dates.dates(text))


def _digits(text: str) -> Iterator[Mention]:
    for found in _DIGITS.finditer(text):
        amount = korean.korean_number(found["number"])
        if amount is None:
            continue
        end, sign = found.end(), found["sign"].strip()
        if scale := _SCALE.match(text, end):
            amount, end = amount * _SCALES[scale[1].casefold()], scale.end()
        if sign and re.match(r"[MB]\b", text[end:]):
            amount, end = amount * (10**6 if text[end] == "M" else 10**9), end + 1
        money = CURRENCY_SIGNS.get(sign)
        amount = -amount if found["minus"] else amount
        yield from _measured(text, found.start(), end, amount, money)


def _hangul(text: str) -> Iterator[Mention]:
    for found in _HANGUL.finditer(text):
        written = found[0].strip()
        amount = korean.korean_number(written)
        if amount is not None and (len(written) > 1 or affix.alone(text, found)):
            yield from _counted(text, found, amount)


def _native(text: str) -> Iterator[Mention]:
    for found in _NATIVE.finditer(text):
        amount = korean.korean_number(found[0])
        if amount is not None:
            yield from _counted(text, found, amount)


def _english(text: str) -> Iterator[Mention]:
    for found in english.RUN.finditer(text):
        amount = english.english_number(found[0])
        if amount is not None and not affix.pronoun(text, found):
            yield from _measured(text, found.start(), found.end(), Fraction(amount), None)


def _counted(text: str, found: re.Match[str], amount: Fraction) -> Iterator[Mention]:
    """A numeral in Hangul is one only before a unit, or as the whole text."""
    for mention in _measured(text, found.start(), found.end(), amount, None, spelled=True):
        whole = not text[: mention.start].strip() and not text[mention.end :].strip(" .")
        written = found[0].strip()
        free = written in _FREE or (len(written) > 1 and written not in _NAMES)
        if mention.value.unit != PLAIN or (whole and free):
            yield mention


def _measured(
    text: str, start: int, end: int, amount: Fraction, money: Unit | None, spelled: bool = False
) -> Iterator[Mention]:
    read = affix.unit_at(text, start, end, spelled)
    if read is None or (money and read[0] != PLAIN and read[0].dimension != money.dimension):
        return
    unit, end = (money or read[0]), read[1]
    special = affix.prefixed(text, start, unit)
    if special:
        start, unit, minus = special
        amount = -amount if minus else amount
    if unit == PLAIN and text[:end].endswith("조"):  # Article 3
        return
    if unit == PLAIN and affix.identifier(text, start, end):
        return
    base = (amount + unit.offset) * unit.factor
    yield Mention(start, end, Value("number", base, unit))


__all__ = ["ORDINAL", "UNITS", "Mention", "Scan", "scan"]
