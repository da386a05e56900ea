"""Which rows a judge has still to be asked about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from churon.evals.judge.asking import By
from churon.evals.metrics.judged import accepted, judgement
from churon.evals.metrics.outcome import answered
from churon.evals.rows import whole
from churon.evals.types import Row


@dataclass
class Plan:
    """A file's rows, sorted by what is to be done."""

    ask: list[Row] = field(default_factory=list)
    unanswered: list[Row] = field(default_factory=list)
    """Errors, abstentions and runs without an answer, not marked yet: wrong without being asked."""
    done: int = 0
    """Rows that this judge has judged."""
    others: Counter[str] = field(default_factory=Counter)
    """Of the rows above, how many another judge has judged, by its name."""
    free: int = 0
    """Rows that there is nothing to judge by."""
    odd: int = 0
    """Rows that are not whole; they stay as they are."""
    own: int = 0
    """Answers that the judging model itself wrote."""


def planned(rows: Sequence[Row], by: By) -> Plan:
    """An answer without a verdict is asked about again, as a run asks again what failed."""
    plan = Plan()
    for row in rows:
        if not whole(row):
            plan.odd += 1
        elif not accepted(row["case"]):
            plan.free += 1
        else:
            _sort(plan, row, by)
    return plan


def _sort(plan: Plan, row: Row, by: By) -> None:
    held = judgement(row)
    mine = held is not None and By(held["model"], held["prompts"]) == by
    plan.own += answered(row) and row["provenance"]["model"] == by.model
    if held is not None and mine and held["correct"] is not None:
        plan.done += 1
        return
    if held is not None and not mine:
        earlier = held["model"] == by.model
        plan.others["an earlier prompt" if earlier else held["model"]] += 1
    (plan.ask if answered(row) else plan.unanswered).append(row)
