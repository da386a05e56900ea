"""What of a plan's findings answers the question, and what is only part of an answer. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from churon.nodes.cite import alike, claim
from churon.nodes.decide import normalised
from churon.nodes.meaning import same
from churon.nodes.option import bare
from churon.nodes.plans import gathers
from churon.nodes.reading import Reading
from churon.nodes.repetition import is_part
from churon.nodes.sentences import sentences
from churon.tools.types import Claim, PlanStep, StepResult

_OPENING = re.compile(r"who \w+|which\b|what\b")
_SAME_QUESTION, _WHOLE_QUESTION, _OTHER_QUESTION = 0.6, 0.75, 0.3
"""Shares of bigrams, either way."""


def last_words(
    plan: Sequence[PlanStep], results: Mapping[str, StepResult], question: str
) -> list[Claim]:
    """What the plan's last step found, where that answers the question itself: it rests on all
    others, or asked the question as it is. [] else, as an answer to one step's question is none.
    """
    last = results.get(plan[-1]["id"]) if plan and not gathers(plan) else None
    if last is None or not last["answer"]:
        return []
    if len(plan) > 1:
        whole = len(_unused(plan)) == 1 or asks_all(plan, question)
    else:
        whole = alike(question, plan[0]["question"]) >= _OTHER_QUESTION
    return claims_of(last) if whole else []


def asks_all(plan: Sequence[PlanStep], question: str) -> bool:
    """The last step asks the whole question, not about one of two things in it."""
    *others, last = [step["question"] for step in plan]
    return alike(question, last) >= _WHOLE_QUESTION and not is_part(last, others, question)


def ends(plan: Sequence[PlanStep], results: Mapping[str, StepResult]) -> list[StepResult]:
    """What was found by steps on which no other rests, but the one that only gathers."""
    found = [results.get(step["id"]) for step in _unused(plan)]
    return [one for one in found if one and one["answer"]]


def _unused(plan: Sequence[PlanStep]) -> list[PlanStep]:
    looking = plan[:-1] if gathers(plan) else plan
    used = {key for step in looking for key in step["depends_on"]}
    return [step for step in looking if step["id"] not in used]


def is_part_of_it(
    plan: Sequence[PlanStep], results: Mapping[str, StepResult], question: str
) -> bool:
    """What the steps found has to be put together, or was asked for by a step of another question,
    as a small model plans it.
    """
    if len(plan) > 1:
        return not _worked_out(plan, results, question)
    return alike(question, plan[0]["question"]) < _OTHER_QUESTION


def _worked_out(plan: Sequence[PlanStep], results: Mapping[str, StepResult], question: str) -> bool:
    """The plan ends in the question itself, and code compared facts that were checked: a model has
    nothing to add.
    """
    step, last = plan[-1], results.get(plan[-1]["id"])
    if last is None or step["op"] != "compare" or last["method"] != "computed":
        return False
    asked = bare(step["question"])
    # "Who built the older one, A or B?" is more than "Which is older, A or B?"
    opened = [_OPENING.match(text.casefold()) for text in (question, asked)]
    begun = [found[0] if found else "" for found in opened]
    return (
        last["support"] != "none"
        and alike(question, asked) >= _SAME_QUESTION
        and begun[0] == begun[1]
    )


def fuller(reading: Reading | None, said: list[Claim], last: StepResult | None) -> list[Claim]:
    """The conclusion; the last step's words where it is that step's short answer and no more."""
    if reading is None or not reading.claims:
        return said
    short = normalised(reading.statement) == normalised(reading.answer)
    again = short and last is not None and same(reading.answer, last["answer"])
    return said if said and again else reading.claims


def claims_of(result: StepResult) -> list[Claim]:
    """A result's sentences; only a single one inherits the support that was checked."""
    text = result["reasoning"] or result["answer"]
    # names that code put together may look like sentences: "Who's Afraid?" came first
    parts = [text] if result["method"] == "computed" else sentences(text)
    made = [claim(part, result["evidence_ids"]) for part in parts]
    if len(made) > 1:
        return made
    score = result["support_score"]
    return [{**one, "support": result["support"], "support_score": score} for one in made]
