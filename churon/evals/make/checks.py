"""What can be said of a proposal without a model. Pure."""

from __future__ import annotations

import re

from churon.nodes.cite import overlap
from churon.nodes.decide import is_refusal, normalised
from churon.nodes.sentences import sentences
from churon.tools.korean import detect_language
from churon.tools.types import Language

_SHORTEST, _LONGEST, _LONGEST_ANSWER = 6, 300, 100
_LEAKS = {
    "en": re.compile(
        r"\b(the|this|that|above|given|following|provided) "
        r"(passage|text|paragraph|article|excerpt|document|author|statement|context|section)\b"
        r"|\b(mentioned|described|stated) (above|here)\b",
        re.IGNORECASE,
    ),
    "ko": re.compile(
        r"(?<![가-힣])(이|위|본|다음|주어진|해당|제시된) (글|지문|문단|기사|문서|단락|텍스트|내용)"
        r"|윗글|본문|(?<![가-힣])(글|문서)(에서|에 따르면|에 의하면)"
    ),
}
_POINTING = re.compile(
    r"((when|where|who|what|how|why|which)\s+)?((is|was|are|were|did|does|do)\s+)?"
    r"(it|this|that|these|those|he|she|they)\b",
    re.IGNORECASE,
)


def objection(question: str, answer: str, language: Language, *, answerable: bool = True) -> str:
    """What is wrong with the words of a proposal, "" for nothing."""
    if not _SHORTEST <= len(question) <= _LONGEST:
        return "the question is too short or too long"
    if detect_language(question) != language:
        return "the question is in the other language"
    if _LEAKS[language].search(question):
        return "the question speaks of its passage"
    if _POINTING.match(question):
        return "the question points at something it does not name"
    if not answerable:
        return ""
    if is_refusal(answer) or len(answer) > _LONGEST_ANSWER:
        return "the answer is none or too long"
    if normalised(answer) in normalised(question):
        return "the question holds its answer"
    return ""


def agrees(said: str, answer: str) -> bool:
    """Whether two short answers mean the same: one holds the other's words."""
    mine, theirs = normalised(said), normalised(answer)
    if not mine or not theirs or is_refusal(said):
        return False
    return _holds(mine, theirs) or _holds(theirs, mine)


def _holds(text: str, part: str) -> bool:
    # Korean particles end a word: the beginning of a word is enough
    return re.search(rf"(?<!\w){re.escape(part)}", text) is not None


def place(wanted: str, question: str, text: str) -> tuple[int, int] | None:
    """Where the sentence stands that holds `wanted` and shares most with the question; exact
    characters of `text`. None where `wanted` does not stand there.
    """
    best: tuple[float, int, int] | None = None
    at = 0
    for line in text.splitlines():
        for sentence in sentences(line):
            start = text.index(sentence, at)
            at = start + len(sentence)
            if normalised(wanted) and _holds(normalised(sentence), normalised(wanted)):
                found = (overlap(question, sentence), start, at)
                best = found if best is None or found[0] > best[0] else best
    return best and (best[1], best[2])
