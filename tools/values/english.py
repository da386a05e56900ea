"""English cardinals and ordinals in words. Strict: what is not one well-formed number is None."""

from __future__ import annotations

import re

_ONES = {
    word: n
    for n, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: n * 10
    for n, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
SCALES = {"trillion": 10**12, "billion": 10**9, "million": 10**6, "thousand": 1000}
_ORDINALS = {
    "first": "one",
    "second": "two",
    "third": "three",
    "fifth": "five",
    "eighth": "eight",
    "ninth": "nine",
    "twelfth": "twelve",
}
_WORDS = "|".join(sorted({*_ONES, *_TENS, *SCALES, "hundred", "dozen"}, key=len, reverse=True))
RUN = re.compile(
    rf"(?<![\w-])(?:an?[ -]+(?=hundred|thousand|[mbt]r?illion|dozen))?"
    rf"(?:{_WORDS})(?:(?:[ -]+| and )(?:{_WORDS}))*(?![\w])",
    re.IGNORECASE,
)
"""A run of number words, well-formed or not."""


def english_number(words: str) -> int | None:
    """ "one hundred and five" -> 105; None for anything that is not one cardinal."""
    rest = " ".join(re.findall(r"[a-z]+", words.casefold()))
    if rest.endswith("dozen"):
        dozens = _below_thousand(rest.removesuffix("dozen").strip() or "one")
        return None if dozens is None else dozens * 12
    total, found = 0, False
    for name, scale in SCALES.items():
        head, scaled, tail = rest.partition(f" {name}")
        if scaled:
            part = _below_thousand(head)
            if not part:
                return None
            total, rest, found = total + part * scale, tail.strip().removeprefix("and "), True
    if found and not rest:
        return total
    part = _below_thousand(rest)
    return None if part is None or (found and part == 0) else total + part


def _below_thousand(words: str) -> int | None:
    if words in {"a", "an"}:
        return 1
    head, hundred, tail = words.partition(" hundred")
    if not hundred:
        return _below_hundred(words)
    hundreds = 1 if head == "a" else _below_hundred(head)
    rest = 0 if not tail else _below_hundred(tail.strip().removeprefix("and "))
    if not hundreds or rest is None or (tail and rest == 0):
        return None
    return hundreds * 100 + rest


def _below_hundred(words: str) -> int | None:
    tens, _, ones = words.partition(" ")
    if not ones:
        return _ONES.get(tens, _TENS.get(tens))
    unit = _ONES.get(ones, 0)
    return _TENS[tens] + unit if tens in _TENS and 0 < unit < 10 else None


def english_ordinal(words: str) -> int | None:
    """ "third" -> 3, "21st" -> 21, "twenty-first" -> 21; None for anything else."""
    text = words.casefold()
    if digits := re.fullmatch(r"(\d{1,4})(st|nd|rd|th)", text):
        return int(digits[1])
    found = re.fullmatch(r"((?:[a-z]+[ -])*)([a-z]+)", text)
    if not found:
        return None
    stem, last = found.groups()
    cardinal = _ORDINALS.get(last) or re.sub(r"ie$", "y", last.removesuffix("th"))
    return None if cardinal == last else english_number(stem + cardinal)
