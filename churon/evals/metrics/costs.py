"""What answers took: calls, tokens, searches, seconds, and percentiles by kind of step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from churon.evals.metrics.measure import Measure
from churon.evals.types import Row

Cost = Literal["calls", "tokens", "searches", "cache_hits"]
WHOLE = "run"
"""Name of the wall clock of whole runs among the stages."""


@dataclass(frozen=True)
class Latency:
    """Seconds; of a stage, summed over a run's branches, so that it can exceed the wall clock."""

    n: int
    """Runs that had this stage."""
    mean: float
    p50: float
    p95: float


def latencies(rows: Iterable[Row]) -> dict[str, Latency]:
    """By stage, in the order of their means, the whole run first; errors are left out."""
    seconds: dict[str, list[float]] = {}
    for row in rows:
        if "error" not in row:
            whole = {WHOLE: row["seconds"]} if "seconds" in row else {}
            for stage, spent in {**row.get("stages", {}), **whole}.items():
                seconds.setdefault(stage, []).append(spent)
    made = {stage: latency(spent) for stage, spent in seconds.items()}
    return dict(sorted(made.items(), key=lambda one: (one[0] != WHOLE, -one[1].mean)))


def latency(seconds: list[float]) -> Latency:
    """Percentiles are interpolated between the two nearest values."""
    p50, p95 = np.percentile(seconds, [50, 95])
    return Latency(len(seconds), float(np.mean(seconds)), float(p50), float(p95))


def cost(name: Cost) -> Callable[[Row], float | None]:
    """The measure of so many calls, tokens, searches or cache hits; None for an error."""

    def of(row: Row) -> float | None:
        return float(row["usage"][name]) if "usage" in row and "error" not in row else None

    return of


def seconds_of(row: Row) -> float | None:
    """Wall clock of the run; None for an error."""
    return row["seconds"] if "seconds" in row and "error" not in row else None


_NEEDS = "a row without error"
MEASURES = (
    Measure("calls", _NEEDS, cost("calls"), better=-1),
    Measure("tokens", _NEEDS, cost("tokens"), better=-1),
    Measure("searches", _NEEDS, cost("searches"), better=-1),
    Measure("cache hits", _NEEDS, cost("cache_hits"), better=0),
    Measure("seconds", _NEEDS, seconds_of, better=-1),
)
