"""How small a difference a comparison can find at all."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from churon.evals.extra import library

ALPHA, POWER = 0.05, 0.8
_ROUNDING = 1e-9


def detectable(differences: Sequence[float]) -> float | None:
    """The mean difference that a two-sided paired test at 0.05 finds 80 times in 100, given so many
    pairs with a spread like theirs (Bloom 1995, with Student's quantiles).

    None for fewer than three pairs, and where all differences are equal: a spread of 0 is what few
    pairs happen to show, and no promise.
    """
    n = len(differences)
    spread = float(np.std(differences, ddof=1)) if n >= 3 else 0.0
    return _quantiles(n, 1) * spread / math.sqrt(n) if spread > _ROUNDING else None


def among(alone: float | None, n: int, tests: int) -> float | None:
    """What was `detectable` of `n` pairs alone, as one of so many comparisons: the first that
    Holm's correction lets through must pass 0.05 / tests, whatever the others find.

    None too where no difference could pass: of the 2^n ways to sign n pairs, two are as extreme as
    the most extreme one.
    """
    if alone is None or 2.0 ** (1 - n) > ALPHA / tests:
        return None
    return alone * _quantiles(n, tests) / _quantiles(n, 1)


def _quantiles(n: int, tests: int) -> float:
    student = library("scipy.stats").t(n - 1)
    return float(student.ppf(1 - ALPHA / tests / 2) + student.ppf(POWER))
