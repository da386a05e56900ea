"""How small a difference a comparison can find at all."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from churon.evals.extra import library

ALPHA, POWER = 0.05, 0.8


def detectable(differences: Sequence[float]) -> float | None:
    """The mean difference that a two-sided paired test at 0.05 finds 80 times in 100, given so many
    pairs with a spread like theirs (Bloom 1995, with Student's quantiles).

    None for fewer than three pairs; 0 where all differences are equal, which is no promise.
    """
    n = len(differences)
    if n < 3:
        return None
    return _quantiles(n, 1) * float(np.std(differences, ddof=1)) / math.sqrt(n)


def among(alone: float | None, n: int, tests: int) -> float | None:
    """What was `detectable` of `n` pairs alone, as one of so many comparisons: the first that
    Holm's correction lets through must pass 0.05 / tests, whatever the others find.
    """
    return None if alone is None else alone * _quantiles(n, tests) / _quantiles(n, 1)


def _quantiles(n: int, tests: int) -> float:
    student = library("scipy.stats").t(n - 1)
    return float(student.ppf(1 - ALPHA / tests / 2) + student.ppf(POWER))
