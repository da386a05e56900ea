"""The headline figures of one variant on one set, each with its 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from typing_extensions import TypedDict

from churon.evals.extra import library
from churon.evals.metrics import MEASURES, abstention, counts
from churon.evals.stats import interval
from churon.evals.types import Row


class Figure(TypedDict):
    """One number; None where it has no meaning or, of an interval, no bound can be told."""

    n: int
    value: float | None
    low: float | None
    high: float | None


MEANS = (
    "answer", "em", "f1", "accuracy", "judged", "evidence recall", "recall@5", "ndcg@10",
    "citation precision", "citation recall", "support rate", "settled",
)  # fmt: skip
COSTS = ("calls", "tokens", "searches")
QUANTILES = {"p50 seconds": 0.5, "p95 seconds": 0.95}


def figures(rows: Sequence[Row]) -> dict[str, Figure]:
    """By name, in the order of the table; those without a value are left out."""
    found = abstention(rows)
    made = {
        **{name: mean(rows, name) for name in MEANS},
        "abstention precision": share(found.right, found.abstained),
        "abstention recall": share(found.right, found.unanswerable),
        **{name: mean(rows, name) for name in COSTS},
        **{name: quantile(rows, at) for name, at in QUANTILES.items()},
    }
    return {name: one for name, one in made.items() if one["value"] is not None}


def shown(variants: Sequence[dict[str, Figure]]) -> list[str]:
    """Names for a table of several variants. The answer's score is one of them in a mixed set only:
    else it is F1, or accuracy, under another name.
    """
    names = list(dict.fromkeys(name for one in variants for name in one))
    mixed = {"f1", "accuracy"} <= set(names)
    return [name for name in names if name != "answer" or mixed]


def tally(rows: Sequence[Row]) -> dict[str, int]:
    """How the runs ended, as counts."""
    return dict(vars(counts(rows)))


def mean(rows: Sequence[Row], measure: str) -> Figure:
    """Its interval is over questions: the bootstrap's, or Wilson's for measures of 0 and 1, where
    the bootstrap of equal values would have no width.
    """
    one = MEASURES[measure]
    if not one.together(rows):
        return share(0, 0)
    if one.binary:
        held = [value for row in rows if (value := one.score(row)) is not None]
        return share(round(sum(held)), len(held))
    found = interval(map(one.score, rows))
    return Figure(n=found.n, value=found.mean, low=found.low, high=found.high)


def share(count: int, of: int) -> Figure:
    """Wilson's interval (1927), by SciPy."""
    if not of:
        return Figure(n=0, value=None, low=None, high=None)
    span = library("scipy.stats").binomtest(count, of).proportion_ci(method="wilson")
    return Figure(n=of, value=count / of, low=float(span.low), high=float(span.high))


def quantile(rows: Sequence[Row], at: float) -> Figure:
    """Of a run's seconds. Its interval lies between order statistics (Conover 1999), by SciPy:
    free of assumptions, and without a bound where there are too few questions for one.
    """
    score: Callable[[Row], float | None] = MEASURES["seconds"].score
    held = [value for row in rows if (value := score(row)) is not None]
    if not held:
        return Figure(n=0, value=None, low=None, high=None)
    made = library("scipy.stats").quantile_test(held, p=at).confidence_interval(0.95)
    value = float(np.quantile(held, at))
    return Figure(n=len(held), value=value, low=_told(made.low), high=_told(made.high))


def _told(bound: float) -> float | None:
    return float(bound) if math.isfinite(bound) else None
