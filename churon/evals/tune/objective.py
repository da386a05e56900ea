"""What tuning makes as large as it can: a measure's mean, less a price for model calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from churon.evals.metrics import MEASURES, Measure
from churon.evals.metrics.abstention import settled
from churon.evals.metrics.answers import answer_of
from churon.evals.metrics.outcome import failed, unshortened
from churon.evals.types import Row
from churon.tools.errors import InputError


def quality_of(row: Row) -> float | None:
    """How good the answer is where there is an accepted one; else whether it was rightly given or
    withheld. "answer" alone would teach a graph never to abstain. None where an answer could not be
    shortened: not to be told.
    """
    if unshortened(row):
        return None
    good = answer_of(row)
    return settled(row) if good is None else good


QUALITY = Measure("quality", "nothing", quality_of)
_NAMES = [
    *("answer", "em", "f1", "match", "accuracy", "settled"),
    *("evidence recall", "all evidence", "citation recall"),
    *("recall@5", "recall@10", "recall@20", "ndcg@5", "ndcg@10", "map", "mrr"),
]
OBJECTIVES = {"quality": QUALITY, **{name: MEASURES[name] for name in _NAMES}}
"""Only what every question of a kind has: a share of what was cited could be raised by citing
less."""


@dataclass(frozen=True)
class Objective:
    """A number for a row, None where the measure has no meaning for its question."""

    measure: Measure
    call_cost: float = 0.0
    """What a model call takes off the measure."""

    def score(self, row: Row) -> float | None:
        """A run that failed is worth nothing."""
        good = self.measure.score(row)
        if good is None and not failed(row):
            return None
        usage = row.get("usage")
        return (good or 0.0) - self.call_cost * (usage["calls"] if usage else 0)

    def mean(self, rows: Sequence[Row]) -> float | None:
        """Over rows where it has a meaning; None without any."""
        held = [score for row in rows if (score := self.score(row)) is not None]
        return sum(held) / len(held) if held else None

    def as_measure(self) -> Measure:
        """To compare by."""
        binary = self.measure.binary and not self.call_cost
        return Measure(str(self), self.measure.needs, self.score, binary=binary)

    def __str__(self) -> str:
        cost = f" - {self.call_cost:g} calls" if self.call_cost else ""
        return self.measure.name + cost


def objective(name: str, call_cost: float) -> Objective:
    """By name. Raises InputError."""
    if name not in OBJECTIVES:
        raise InputError(
            f"There is no objective {name!r}.", remedy=f"Use one of {', '.join(OBJECTIVES)}."
        )
    return Objective(OBJECTIVES[name], call_cost)
