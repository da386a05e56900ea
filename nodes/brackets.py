"""Brackets that are a document's own words, `items[0]` or "is [10, 20]", and no keys. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from churon.tools.types import Evidence

STOPS = ".!?。！？"
_BRACKET = re.compile(r"\[[\d\s,\-–~]{1,40}\]")
_HIDDEN = str.maketrans("[]", "\ue000\ue001")
_SEEN = str.maketrans("\ue000\ue001", "[]")
_WIDE = str.maketrans("【】［］", "[][]")
# Before an index: `f(x)`, not a name with another, "호(Ho)"; what a code span opens with; `a`,
# `sys.argv`; and more indices
_CALL = r"(?<![^\W_])[a-z_][a-z\d_.]*\([^()\s]*\)|`[\w.]+"
_NAMED = r"(?<![\w.])(?:[a-z]\d*|[a-z_]\w*[._][\w.]*\w)"
_MORE = r"(?:\[[^\[\]]*\])*$"
_CODE = re.compile(rf"(?:{_CALL}|{_NAMED}){_MORE}")
_CODE_BY_ITSELF = re.compile(rf"(?:{_CALL}){_MORE}")
# After a mark within its sentence; "[2][3] in", and a Korean particle
_GOES_ON = re.compile(r"(?:\[[\d\s,]*\])*(?:\s\w|[가-힣])")
_LOWER = re.compile(r"(?<![A-Za-z\d_.])[a-z_][a-z\d_]*$", re.ASCII)
_MARKED = re.compile(r"([^\s\[\]]+)\[\d{1,2}\]")
_FOOTNOTES = 99
"""Of a passage; what is larger is a year or a size."""
_NEAR = 40
"""Characters beside a bracket in which its neighbouring words are looked for."""


def hidden(text: str, passages: Sequence[Evidence]) -> str:
    """The text, in which what stands in a passage too is hidden from those who look for keys, and
    without the footnote marks of a passage: their numbers are of its own sources.
    """
    shown = " ".join(" ".join(one["text"].split()) for one in passages).casefold()

    def own(found: re.Match[str]) -> str:
        if not _is_beside(found, shown):
            return found[0]
        if _is_text(found, len(passages)):
            return found[0].translate(_HIDDEN)
        return _mark(found, shown)

    return _BRACKET.sub(own, text)


def seen(text: str) -> str:
    """The text with the brackets that `hidden` hid."""
    return text.translate(_SEEN)


def widened(text: str) -> str:
    """The text with its wide brackets, which some models write keys in, as plain ones."""
    return text.translate(_WIDE)


def _is_beside(found: re.Match[str], shown: str) -> bool:
    """Whether this bracket stands in a passage, and beside it a word that it stands beside here."""
    before, after = _sides(found)
    word, following = re.search(r"\S+\s*$", before), re.match(r"\s*\w+", after)
    near = [f"{word[0]}{found[0]}"] if word else []
    near += [f"{found[0]}{following[0]}"] if following else []
    return any(" ".join(one.casefold().split()) in shown for one in near)


def _is_text(found: re.Match[str], count: int) -> bool:
    """Whether it is what the sentence says: an index, alone within its sentence, or several numbers
    of which some are of no passage. Behind a full stop it may be a key all the same.
    """
    before, after = _sides(found)
    numbers = [int(n) for n in re.findall(r"\d+", found[0])]
    several = len(numbers) > 1 and any(not 1 <= n <= count for n in numbers)
    within = before.endswith(" ") and re.match(r"\s+\w", after)
    text = several or within or is_index(before, numbers)
    return bool(text) and not before.rstrip().endswith(tuple(STOPS))


def is_index(before: str, numbers: Sequence[int]) -> bool:
    """Whether a bracket with these numbers behind that text is no key, whatever passages there are:
    keys count from 1, and none hangs on code.
    """
    return 0 in numbers or bool(_CODE.search(before[-_NEAR:]))


def reads_as_index(before: str, numbers: Sequence[int]) -> bool:
    """The same where no passages are known: what may be a name is none."""
    return 0 in numbers or bool(_CODE_BY_ITSELF.search(before[-_NEAR:]))


def _mark(found: re.Match[str], shown: str) -> str:
    """What becomes of a bracket that a passage has, too, within its sentence: nothing of a
    footnote's mark, "Kim[3] in"; a year stays, and a small word's index where the passages have no
    marks on other words. At the end of a sentence it may be a key.
    """
    before, after = _sides(found)
    hangs = re.search(r"[^\s.!?。！？]$", before)
    large = max(map(int, re.findall(r"\d+", found[0])), default=0) > _FOOTNOTES
    marks = "[0]" not in shown and len(set(_MARKED.findall(shown))) > 1
    if large or (not marks and re.match(r"\s?\w", after) and _LOWER.search(before)):
        return found[0].translate(_HIDDEN)
    return "" if hangs and _GOES_ON.match(after) else found[0]


def _sides(found: re.Match[str]) -> tuple[str, str]:
    text, (start, end) = found.string, found.span()
    return text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
