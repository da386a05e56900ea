"""Steps of a plan that ask the whole question again, as small models write them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from churon.nodes.cite import alike
from churon.nodes.plans import PLACE, SEARCHING
from churon.tools.types import PlanStep

_REPEATS = 0.75
"""Share of the question's bigrams that makes a step a repetition of it; Korean endings differ."""
_CONJUNCT = 2
"""Words that a step lacks where it leaves out one of two things: "and" and a name, or more."""
_KOREAN = re.compile(r"\w*[가-힣]")
_COURTESY = re.compile(
    r"^(?:so|and|then|well|now)\b|\bplease\b|\b(?:can|could|would) you (?:please )?tell me\b"
    r"|\bof (?:the two|both|these|them)\b|(?<!\w)(?:그럼|그러면|혹시|좀)(?!\w)",
    re.IGNORECASE,
)
"""Words without which a question asks for the same."""
_KIND = re.compile(r"(?:어느|어떤|무슨) \w+")
"""The kind of thing that is asked for, "어느 배가": another step speaks of it too."""


def without_repetition(steps: Sequence[PlanStep], question: str) -> list[PlanStep]:
    """The steps but for those that ask the whole question again: in their place the last one puts
    together what the others found, by its own operation where it has one.

    [] where nothing else is left or where others rest on one of these.
    """
    again = {step["id"] for step in steps if len(steps) > 1 and _repeats(step, steps, question)}
    left = [step for step in steps if step["id"] not in again]
    if not again:
        return left
    if left and not again & set(PLACE.findall(left[-1]["question"])):
        rests = [key for key in left[-1]["depends_on"] if key not in again]
        left[-1] = {**left[-1], "depends_on": rests or left[-1]["depends_on"]}
    if not left or any(again & set(step["depends_on"]) for step in left):
        return []
    ops = [step["op"] for step in steps if step["id"] in again and step["op"] not in SEARCHING]
    last = PlanStep(
        id=str(1 + max(int(step["id"]) for step in left)),
        question=question,
        depends_on=[step["id"] for step in left],
        op=ops[-1] if ops else "synthesise",
        needs_retrieval=False,
    )
    return [*left, last]


def _repeats(step: PlanStep, steps: Sequence[PlanStep], question: str) -> bool:
    if not step["needs_retrieval"] or step["depends_on"]:
        return False
    # 1.05 takes off what `overlap` takes for length
    if alike(question, step["question"]) * 1.05 < _REPEATS:
        return False
    others = [other["question"] for other in steps if other is not step]
    return not is_part(step["question"], others, question)


def is_part(asked: str, others: Sequence[str], question: str) -> bool:
    """Whether a step asks about one of several things that the question asks about: most of its
    words are the question's, too, but a conjunct is missing, or a name stands in another step.
    """
    words = [re.findall(r"\w+", _COURTESY.sub(" ", text)) for text in (question, asked)]
    if len(words[0]) - len(words[1]) >= _CONJUNCT:
        return True
    missing = [name for name in _names(question) if not _speaks_of(asked, name)]
    return any(_speaks_of(other, name) for other in others for name in missing)


def _names(question: str) -> list[str]:
    """Capitalised words, numbers, and Korean words without their last syllable, which may be a
    particle; not how an English question begins and a Korean one ends, nor the kind it asks for.
    """
    words = re.findall(r"\w+", _KIND.sub(" ", question))
    if words and _KOREAN.fullmatch(words[-1]):
        words = words[:-1]
    korean = [word[:-1] or word for word in words if _KOREAN.fullmatch(word)]
    return korean + [word for word in words[1:] if word[0].isupper() or word[0].isdigit()]


def _speaks_of(question: str, name: str) -> bool:
    return any(word.startswith(name) for word in re.findall(r"\w+", question))
