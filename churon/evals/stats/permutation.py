"""The paired permutation test: if two variants were the same, every difference could as well have
had the other sign (Fisher 1935; for retrieval Smucker, Allan and Carterette 2007).

Not SciPy's `permutation_test`: here p is the same, to the last digit, whatever the order of pairs
and whichever variant is first; the tests compare both.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

EXACT = 14
"""Up to so many differences that are not 0, all 2^n ways to sign them are counted."""
_Numbers = NDArray[np.float64]
_AT_ONCE = 1_000_000  # signs held at a time: 8 MB


def permutation(differences: Sequence[float], *, resamples: int = 9_999, seed: int = 7) -> float:
    """Two-sided p of the mean difference; 1 where all are 0, as then nothing speaks against it.

    Beyond EXACT differences signs are drawn, and p counts what was seen as one of the draws
    (Phipson and Smyth 2010), so that it is never 0.
    """
    sizes = np.sort(np.abs([one for one in differences if one != 0]))
    seen = abs(math.fsum(differences))
    least = seen - 1e-9 * sizes.sum()  # rounding must not tell equal sums apart
    if sizes.size <= EXACT:
        return _reached(_all_signs(sizes.size), sizes, least) / float(2**sizes.size)
    drawn = _drawn_signs(sizes.size, resamples, np.random.default_rng(seed))
    return (1 + _reached(drawn, sizes, least)) / (1 + resamples)


def _reached(signs: Iterable[_Numbers], sizes: _Numbers, least: float) -> int:
    return sum(int((np.abs(some @ sizes) >= least).sum()) for some in signs)


def _all_signs(n: int) -> Iterator[_Numbers]:
    yield np.array(list(itertools.product((-1.0, 1.0), repeat=n)), dtype=float).reshape(2**n, n)


def _drawn_signs(n: int, resamples: int, random: np.random.Generator) -> Iterator[_Numbers]:
    most = max(1, _AT_ONCE // n)
    for begun in range(0, resamples, most):
        drawn = random.integers(0, 2, (min(most, resamples - begun), n))
        yield np.array(drawn * 2 - 1, dtype=float)
