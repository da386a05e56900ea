"""What a model said of whole answers, where `churon eval judge` has asked one.

Judgements of one model and prompt are like a ruler: figures of rows that were not all measured with
the same one say nothing beside each other, so `judged` has a meaning for whole sets of rows only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from churon.evals.metrics.measure import Measure
from churon.evals.metrics.outcome import answered
from churon.evals.types import Case, Judgement, Row

_VERDICTS = {"ko": ("아니요", "예")}


def accepted(case: Case) -> list[str]:
    """What an answer is judged by; of a yes/no question its verdict. Empty: nothing is known."""
    if case["truth"] is not None:
        return [_VERDICTS.get(case["language"], ("No", "Yes"))[case["truth"]]]
    return case["answers"]


def subject(row: Row) -> str:
    """Twelve hex digits over all that a judge sees, so that a judgement counts no more once the
    answer or the accepted ones were changed.
    """
    case = row["case"]
    said = row.get("answer", "") if answered(row) else ""
    seen = json.dumps([case["question"], accepted(case), said])
    return hashlib.sha256(seen.encode()).hexdigest()[:12]


def judgement(row: Row) -> Judgement | None:
    """The row's, if it is of this answer and by these accepted ones."""
    held = row.get("judge")
    return held if held is not None and held["of"] == subject(row) else None


def judged_of(row: Row) -> float | None:
    """1 where the judge thinks it likelier that the answer is right; 0 without an answer."""
    held = judgement(row)
    if held is None or not accepted(row["case"]):
        return None
    if not answered(row):
        return 0.0
    return None if held["correct"] is None else float(held["correct"] > 0.5)


@dataclass(frozen=True)
class Judged:
    """Of several rows, how far they are judged, and by whom."""

    due: int
    """Rows that there is something to judge by."""
    done: int
    silent: int
    """Of those done, answers that the judge gave no verdict on."""
    judges: tuple[tuple[str, str], ...]
    """Model and prompt of each, sorted."""

    @property
    def whole(self) -> bool:
        """All by one judge."""
        return self.done == self.due and len(self.judges) == 1

    def models(self) -> str:
        """Names for a reader; with their prompts where one model was asked in two ways."""
        names = [model for model, _ in self.judges]
        told = [f"{m} ({p})" if names.count(m) > 1 else m for m, p in self.judges]
        return ", ".join(told)


def judged(rows: Iterable[Row]) -> Judged:
    """Rows that need no judgement are no part of it."""
    due = [row for row in rows if accepted(row["case"])]
    held = [(row, found) for row in due if (found := judgement(row)) is not None]
    return Judged(
        due=len(due),
        done=len(held),
        silent=sum(found["correct"] is None for _, found in held),
        judges=tuple(sorted({(found["model"], found["prompts"]) for _, found in held})),
    )


def _whole(rows: Sequence[Row]) -> bool:
    return judged(rows).whole


_NEEDS = "a judge's verdict; accepted answers, or a yes/no question"
MEASURES = (Measure("judged", _NEEDS, judged_of, binary=True, together=_whole),)
