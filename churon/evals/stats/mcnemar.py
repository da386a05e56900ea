"""McNemar's test of paired outcomes of 0 and 1 (1947), exact and mid-p.

Only pairs that differ count; with n of them, each side is binomial(n, 1/2) if the variants are the
same. The exact test finds too few differences by construction (below its 5 %), as p comes in steps;
mid-p takes half of the step that was seen and stays near 5 % (Fagerland, Lydersen and Laake 2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from churon.evals.extra import library


@dataclass(frozen=True)
class McNemar:
    """Two-sided p of both forms; 1 where no pair differs."""

    only_a: int
    """Pairs where A has 1 and B has 0."""
    only_b: int
    p: float
    """Exact."""
    mid_p: float


def mcnemar(a: Sequence[float], b: Sequence[float]) -> McNemar:
    """Of equally long outcomes. Raises ValueError for one that is neither 0 nor 1."""
    odd = {one for one in (*a, *b) if one not in (0, 1)}
    if odd:
        raise ValueError(f"Outcomes are 0 or 1, not {sorted(odd)!r}: use the permutation test.")
    pairs = list(zip(a, b, strict=True))
    only_a = sum(first > second for first, second in pairs)
    only_b = sum(first < second for first, second in pairs)
    fewer, n = min(only_a, only_b), only_a + only_b
    law = library("scipy.stats").binom(n, 0.5)
    below, here = float(law.cdf(fewer - 1)), float(law.pmf(fewer))
    return McNemar(only_a, only_b, p=min(1.0, 2 * (below + here)), mid_p=min(1.0, 2 * below + here))
