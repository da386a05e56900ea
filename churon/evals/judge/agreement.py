"""How far a judge agrees with exact match, so that a reader can see whether to trust it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from churon.evals.metrics.answers import exact_of
from churon.evals.metrics.judged import judged_of
from churon.evals.metrics.outcome import answered
from churon.evals.metrics.verdict import accuracy
from churon.evals.types import Row

LEAST = 20
"""Answers, below which a kappa is mostly chance."""


@dataclass(frozen=True)
class Agreement:
    """Over answers; of runs without one, which both call wrong, it would say nothing."""

    n: int
    both: int
    """Correct by both."""
    judge_only: int
    match_only: int
    """An exact match that the judge calls wrong: mostly the judge's mistake."""

    @property
    def share(self) -> float:
        """Of the answers on which both say the same. Raises ZeroDivisionError without any."""
        return 1 - (self.judge_only + self.match_only) / self.n

    @property
    def kappa(self) -> float | None:
        """Cohen's (1960): 1 is full agreement, 0 what chance would give. None for fewer than LEAST
        answers, and where both call all of them the same.
        """
        judge, match = self.both + self.judge_only, self.both + self.match_only
        chance = (judge * match + (self.n - judge) * (self.n - match)) / max(1, self.n) ** 2
        return None if self.n < LEAST or chance == 1 else (self.share - chance) / (1 - chance)


def agreement(rows: Iterable[Row]) -> Agreement:
    """Of a yes/no question, accuracy stands for exact match."""
    told = [(judged_of(row), _matched(row)) for row in rows if answered(row)]
    pairs = [(judge, match) for judge, match in told if judge is not None and match is not None]
    return Agreement(
        n=len(pairs),
        both=sum(judge == match == 1 for judge, match in pairs),
        judge_only=sum(judge > match for judge, match in pairs),
        match_only=sum(judge < match for judge, match in pairs),
    )


def _matched(row: Row) -> float | None:
    found = exact_of(row)
    return accuracy(row) if found is None else found
