"""The interval of a difference between paired proportions (Newcombe 1998, Statistics in Medicine
17:2635, method 10): Wilson's of each side, joined with their correlation.

Outcomes of 0 and 1 of which few differ have differences that are mostly 0, of which the bootstrap
draws too little: of 100 pairs with 2 % against 0.5 % its 95 % interval held the true one in 83 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from churon.evals.extra import library
from churon.evals.stats.bootstrap import Interval


def paired_proportions(a: Sequence[float], b: Sequence[float]) -> Interval:
    """The difference B minus A of equally long outcomes of 0 and 1; no bounds for one pair."""
    pairs = list(zip(a, b, strict=True))
    n = len(pairs)
    if not n:
        return Interval(0, None, None, None)
    after, before = sum(b) / n, sum(a) / n
    difference = after - before
    if n == 1:
        return Interval(1, difference, None, None)
    (low_b, high_b), (low_a, high_a) = _wilson(sum(b), n), _wilson(sum(a), n)
    phi = _phi(pairs)
    low = difference - _joined(after - low_b, high_a - before, phi)
    high = difference + _joined(high_b - after, before - low_a, phi)
    return Interval(n, difference, max(-1.0, low), min(1.0, high))


def _wilson(count: float, n: int) -> tuple[float, float]:
    span = library("scipy.stats").binomtest(round(count), n).proportion_ci(method="wilson")
    return float(span.low), float(span.high)


def _joined(one: float, other: float, phi: float) -> float:
    return math.sqrt(max(0.0, one**2 - 2 * phi * one * other + other**2))


def _phi(pairs: Sequence[tuple[float, float]]) -> float:
    """The correlation, corrected for continuity where it is positive."""
    n = len(pairs)
    both = sum(first == second == 1 for first, second in pairs)
    neither = sum(first == second == 0 for first, second in pairs)
    only_a = sum(first > second for first, second in pairs)
    only_b = n - both - neither - only_a
    sides = (both + only_a) * (only_b + neither) * (both + only_b) * (only_a + neither)
    if not sides:
        return 0.0
    product = both * neither - only_a * only_b
    corrected = max(0.0, product - n / 2) if product > 0 else product
    return corrected / math.sqrt(sides)
