"""The verdict: tuned settings against those in force, on questions that tuning never saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from churon.evals.compare import Comparison, compare
from churon.evals.metrics import MEASURES
from churon.evals.stats import among
from churon.evals.tune.objective import Objective
from churon.evals.tune.search import CURRENT
from churon.evals.types import Row

TOLD = ("answer", "settled", "evidence recall", "calls", "seconds")
"""Told beside the objective, without a test: they were not asked about."""
LEVEL = 0.05
_SIDES = (True, False)


@dataclass(frozen=True)
class Gain:
    """The objective on the held-back questions, and what else changed."""

    objective: Comparison
    others: list[Comparison]
    errors: tuple[int, int]
    """Runs that failed, before and after; they are worth nothing."""
    earlier: int
    """Other winners that were held against these very questions before."""

    @property
    def level(self) -> float:
        """p must be below: the more winners one half of a set judges, the likelier luck is."""
        return LEVEL / (1 + self.earlier)

    @property
    def found(self) -> bool:
        """More than chance would often give: p below the level and the whole interval above 0."""
        one = self.objective
        return one.difference > 0 and one.p < self.level and one.low is not None and one.low > 0

    def __str__(self) -> str:
        one = self.objective
        span = "" if one.low is None else f" (95 % interval {one.low:+.3f} to {one.high:+.3f})"
        said = f"{one.mean_a:.3f} -> {one.mean_b:.3f}: {one.difference:+.3f}{span}"
        failed = f"; {self.errors[0]} and {self.errors[1]} runs failed" if any(self.errors) else ""
        return f"{said}, p = {one.p:.3g}, {one.n} questions{failed}"


def gain(rows: Sequence[Row], objective: Objective, earlier: int) -> Gain | None:
    """Of the one variant beside the settings in force, paired over the questions that both have
    rows of; None without such a question. `earlier` winners were judged by them before.
    """
    ids = [
        {row["case"]["id"] for row in rows if (row["variant"] == CURRENT) is was} for was in _SIDES
    ]
    if not ids[0] & ids[1]:
        return None
    measure = objective.as_measure()
    found = compare(rows, CURRENT, measures=[measure])
    first, sides = found.comparisons, found.pairings[0]
    told = [MEASURES[name] for name in TOLD if name != measure.name]
    rest = compare(rows, CURRENT, measures=told).comparisons
    if not first:
        return None
    smallest = among(first[0].detectable, first[0].n, 1 + earlier)
    one = replace(first[0], detectable=smallest)
    return Gain(one, rest, (sides.errors_a, sides.errors_b), earlier)
