"""Counting: the items of a list answer, or the parents that were answered yes. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from churon.nodes.meaning import key, polarity
from churon.tools.types import Language
from churon.tools.values import fits

_HOW_MANY = {"en": re.compile(r"\bhow many\b", re.IGNORECASE), "ko": re.compile(r"몇|개수|수는")}
_OPEN = re.compile(
    r"\b(?:etc|others?|including|such as|like|about|more|among|at least|some|many|several|both|not"
    r"|respectively|or|with|which|who)\b|\.\.\.|…|등(?![가-힣])|외에|이상|또는|[:;?]|\w\.\s\w",
    re.IGNORECASE,
)
_COMMA = re.compile(r"\s*,\s*(?:and\s+|그리고\s+)?(?!\d)|\s+(?:and|&)\s+")
_PLURAL = re.compile(
    r"\b(?:which|what|who|list|name)\b.*\b(?:are|were|have|do|did|all)\b", re.IGNORECASE
)
_PLACES = re.compile(
    r"\b(?:where|city|town|country|located|address)\b|어디|위치|주소", re.IGNORECASE
)
_AND_KO = re.compile(
    r"\s*,\s*(?:그리고\s+)?|\s+(?:및|그리고)\s+|(?<=[가-힣]{2})(와|과)\s+|(?<=[가-힣])(하고|이랑)\s+"
)
_NOT_AND = re.compile(r"[학외내치결효성통초]과$|사과$")
_LONGEST = 6
_LIGHT = {
    "is",
    "are",
    "was",
    "were",
    "do",
    "does",
    "did",
    "has",
    "have",
    "had",
    "the",
    "a",
    "of",
    "in",
}


def count(
    question: str, answers: Sequence[tuple[str, str]], language: Language
) -> tuple[str, str] | None:
    """How many items the one list answer holds, or how many parents were answered yes."""
    if not _HOW_MANY[language].search(question):
        return None
    if len(answers) == 1:
        found = items(*answers[0], language)
        return None if found is None else _told(found, language)
    verdicts = [polarity(answer) for _, answer in answers]
    if None in verdicts or not all(follows(label, question) for label, _ in answers):
        return None
    held = [
        label for (label, _), verdict in zip(answers, verdicts, strict=True) if verdict == "yes"
    ]
    return _told(held, language)


def _told(found: Sequence[str], language: Language) -> tuple[str, str]:
    names = ", ".join(name.rstrip("?. ") for name in found)
    total = str(len(found))
    if language == "ko":
        return total, f"{names}: 합계는 {total}입니다." if names else "해당하는 것이 없습니다."
    return total, f"{names}: {total} in all." if names else "None of them."


def items(label: str, answer: str, language: Language) -> list[str] | None:
    """The items of "A, B and C" or "A와 B, C", each once; None unless it is surely a list."""
    text = answer.strip().rstrip(".。")
    if _OPEN.search(text):
        return None
    parts = _korean(text) if language == "ko" else _english(label, text)
    commas = "," in text and not re.search(r"\band\b|[와과] ", text)
    if parts is None or (commas and _PLACES.search(label)):  # Paris, Texas, USA
        return None
    unique = {key(part): part.strip() for part in parts}
    fine = all(unique) and all(0 < len(part.split()) <= _LONGEST for part in parts)
    return list(unique.values()) if fine else None


def _english(label: str, text: str) -> list[str] | None:
    """Three and more, or two where the question asks for several: names hold "and", too."""
    if re.search(r",.*\band\b.*,|\band\b.*\band\b", text):
        return None
    parts = _COMMA.split(text)
    several = len(parts) > 2 or (len(parts) == 2 and "," not in text and _PLURAL.search(label))
    return parts if several else None


def _korean(text: str) -> list[str] | None:
    parts, start = [], 0
    for found in _AND_KO.finditer(text):
        particle = found[1] or ""
        head = text[start : found.start()]
        if particle and (not fits(head, particle) or _NOT_AND.search(head + particle)):
            continue
        parts.append(head)
        start = found.end()
    parts.append(re.sub(r"(?:입니다|이다)$", "", text[start:]))
    return parts if len(parts) > 1 else None


def follows(label: str, question: str) -> bool:
    """Whether a yes-or-no sub-question asks what the question asks, but for the thing's name."""
    asked = {word.casefold() for word in re.findall(r"\w+", question)}
    words = re.findall(r"\w+", label)
    other = [w for w in words if w.casefold() not in asked and w.casefold() not in _LIGHT]
    names = [w for w in other if w[0].isupper() or _subject(label, w)]
    return len(names) == len(other) < len(words)


def _subject(label: str, word: str) -> bool:
    """Whether a Korean word stands in the subject, which ends in its particle."""
    found = re.search(r"^.*?(?:은|는|이|가)(?=\s)", label)
    return found is not None and word in found[0]
