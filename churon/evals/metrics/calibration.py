"""Whether probabilities mean what they say: reliability curve, ECE, Brier score.

ECE after Naeini et al. 2015 and Guo et al. 2017 (arXiv 1706.04599, section 2) for one class, of
which the probability is given; bins of equal mass after Nixon et al. 2019 (arXiv 1904.01685).
Brier 1950: the mean squared error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from churon.evals.metrics.places import places, relevant
from churon.evals.types import Row

Pair = tuple[float, bool]
"""A probability in [0, 1] that something is so, and whether it is."""


@dataclass(frozen=True)
class Bin:
    """The pairs with a probability above `low`, up to `high`; the first bin holds `low` too."""

    low: float
    high: float
    n: int
    predicted: float
    """Mean probability."""
    observed: float
    """Share that is true."""


def relevance_pairs(rows: Iterable[Row]) -> list[Pair]:
    """The critic's P(relevant) of each passage read that it graded, and whether it is gold.

    Only cases with gold evidence. Gold is never complete: a good passage that nobody marked counts
    as irrelevant, so that a critic looks more confident than it is.
    """
    return [
        (one["relevance"], relevant(row["case"], one))
        for row in rows
        if places(row["case"])
        for one in row.get("read", [])
        if one["relevance"] is not None
    ]


def reliability(
    pairs: Sequence[Pair], bins: int = 10, by: Literal["mass", "width"] = "mass"
) -> list[Bin]:
    """The curve's points, empty bins left out. `mass`: edges at quantiles, so that bins hold about
    as many pairs each; equal probabilities share a bin, whatever the order of pairs.
    """
    if not pairs:
        return []
    given = np.array([probability for probability, _ in pairs], dtype=float)
    if not ((given >= 0) & (given <= 1)).all():  # also NaN
        raise ValueError("A probability is not between 0 and 1.")
    true = np.array([truth for _, truth in pairs], dtype=float)
    even = np.linspace(0, 1, bins + 1)
    edges = even if by == "width" else np.quantile(given, even)
    place = np.searchsorted(edges[1:-1], given)
    made = []
    for number in np.unique(place):
        held = place == number
        low, high = float(edges[number]), float(edges[number + 1])
        means = float(given[held].mean()), float(true[held].mean())
        made.append(Bin(low, high, int(held.sum()), *means))
    return made


def ece(
    pairs: Sequence[Pair], bins: int = 10, by: Literal["mass", "width"] = "mass"
) -> float | None:
    """Mean distance of predicted and observed over bins, weighed by pairs; 0 is calibrated."""
    if not pairs:
        return None
    curve = reliability(pairs, bins, by)
    return sum(one.n * abs(one.predicted - one.observed) for one in curve) / len(pairs)


def brier(pairs: Sequence[Pair]) -> float | None:
    """Mean squared distance of probability and truth; 0 is best, always saying 0.5 gives 0.25."""
    if not pairs:
        return None
    return sum((probability - truth) ** 2 for probability, truth in pairs) / len(pairs)
