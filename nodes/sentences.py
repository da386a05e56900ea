"""Where sentences end, in English and Korean. Pure."""

from __future__ import annotations

import itertools
import re

# After ., !, ? or their wide forms; not inside numbers and dotted names
_END = re.compile(r"(?<=[.!?。！？])[\"'”’)]*(?=\s|$)")
_SHORTENED = re.compile(
    r"\b(?:[A-Z]|Dr|Mr|Ms|Mrs|St|No|vs|e\.g|i\.e|Capt|Prof|Gen|Col|Lt|Sgt|Rev|Gov|Sen|Mt|Fig|approx|pp?|ca?"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.$"
)
# What goes on: "Seo Co. Ltd.", and "2016. 3. 5. 취항" by its first, middle and last full stop
_WITHIN = (
    (re.compile(r"\bCo\.$"), re.compile(r",?\s*(?:Ltd|Inc|KG)\b")),
    (re.compile(r"\b\d{4}\.$"), re.compile(r"\s*\d{1,2}\.")),
    (re.compile(r"\b\d{4}\.\s?\d{1,2}\.$"), re.compile(r"\s*(?:\d|[가-힣(])")),
    (re.compile(r"\b\d{4}\.\s?\d{1,2}\.\s?\d{1,2}\.$"), re.compile(r"\s*[가-힣(~]")),
)
_LOOK = 24
"""Characters before a full stop that tell whether it ends a sentence."""


def sentences(text: str) -> list[str]:
    """The sentences of an answer, in order; nothing but outer white space is lost."""
    bounds = [0, *ends(text), len(text)]
    parts = [text[a:b].strip() for a, b in itertools.pairwise(bounds)]
    return [part for part in parts if part]


def ends(text: str) -> list[int]:
    """Where its sentences end, the last one only if its stop is there."""
    return [found.end() for found in _END.finditer(text) if _ends(text, found)]


def _ends(text: str, found: re.Match[str]) -> bool:
    """Whether this full stop ends a sentence: not of an abbreviation, a Korean date, or before a
    word in lower case ("at 7 p.m. on weekdays").
    """
    before, after = (
        text[max(0, found.start() - _LOOK) : found.start()],
        text[found.end() : found.end() + _LOOK],
    )
    if _SHORTENED.search(before) or (before.endswith(".") and re.match(r"\s+[a-z]", after)):
        return False
    return not any(past.search(before) and ahead.match(after) for past, ahead in _WITHIN)
