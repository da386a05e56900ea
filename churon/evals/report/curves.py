"""What is drawn as a curve: recall by depth of the first ranking, and the critic's reliability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from churon.evals.metrics import brier, ece, relevance_pairs, reliability
from churon.evals.metrics.retrieval import score
from churon.evals.report.figures import share
from churon.evals.stats import interval
from churon.evals.types import Row

DEPTHS = (1, 2, 3, 5, 10, 20)
BINS = 8


def recall(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Recall at each depth with its interval; empty without rankings and gold ids."""
    made = []
    for k in DEPTHS:
        found = interval(map(score(f"R@{k}"), rows))
        if found.n:
            made.append({"k": k, "value": found.mean, "low": found.low, "high": found.high})
    return made


def critic(rows: Sequence[Row]) -> dict[str, Any] | None:
    """P(relevant) against gold passages, in bins of equal mass; None where nothing was graded."""
    pairs = relevance_pairs(rows)
    if not pairs:
        return None
    bins = []
    for one in reliability(pairs, BINS):
        span = share(round(one.observed * one.n), one.n)
        point = {"predicted": one.predicted, "observed": one.observed, "n": one.n}
        bins.append({**point, "low": span["low"], "high": span["high"]})
    return {"n": len(pairs), "ece": ece(pairs, BINS), "brier": brier(pairs), "bins": bins}
