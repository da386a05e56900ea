"""How small a difference a comparison can find at all."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from churon.evals.extra import library


def detectable(
    differences: Sequence[float], *, power: float = 0.8, alpha: float = 0.05
) -> float | None:
    """The mean difference that a two-sided paired test at `alpha` finds with probability `power`,
    given so many pairs with a spread like theirs (Bloom 1995, with Student's quantiles).

    None for fewer than three pairs; 0 where all differences are equal, which is no promise.
    """
    n = len(differences)
    if n < 3:
        return None
    student = library("scipy.stats").t(n - 1)
    quantiles = float(student.ppf(1 - alpha / 2) + student.ppf(power))
    return quantiles * float(np.std(differences, ddof=1)) / math.sqrt(n)
