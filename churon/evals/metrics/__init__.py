"""Numbers for rows: pure functions, no models.

`MEASURES` has one number a row, by name; `scores(row)` gives them all. What needs many rows at once
stands apart: `abstention`, `counts`, `latencies`, and of pairs `reliability`, `ece`, `brier`.
"""

from __future__ import annotations

from churon.evals.metrics import abstention as _abstention
from churon.evals.metrics import answers, citations, costs, evidence, judged, retrieval
from churon.evals.metrics.abstention import Abstention, abstention
from churon.evals.metrics.calibration import Bin, brier, ece, relevance_pairs, reliability
from churon.evals.metrics.costs import Latency, latencies
from churon.evals.metrics.counts import Counts, counts
from churon.evals.metrics.measure import Measure
from churon.evals.types import Row

QUALITY = (
    *retrieval.MEASURES,
    *evidence.MEASURES,
    *answers.MEASURES,
    *judged.MEASURES,
    *citations.MEASURES,
    *_abstention.MEASURES,
)
MEASURES: dict[str, Measure] = {one.name: one for one in (*QUALITY, *costs.MEASURES)}


def scores(row: Row) -> dict[str, float | None]:
    """Every measure of one row, None where it has no meaning."""
    return {name: measure.score(row) for name, measure in MEASURES.items()}


__all__ = [
    "MEASURES",
    "QUALITY",
    "Abstention",
    "Bin",
    "Counts",
    "Latency",
    "Measure",
    "abstention",
    "brier",
    "counts",
    "ece",
    "latencies",
    "relevance_pairs",
    "reliability",
    "scores",
]
