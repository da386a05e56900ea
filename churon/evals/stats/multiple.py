"""p-values of several comparisons at once: the more one looks, the more one finds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from churon.evals.extra import library

Correction = Literal["holm", "bh", "none"]
"""Holm 1979: at most 5 % of families have any false finding. Benjamini and Hochberg 1995: at most
5 % of findings are false, on average."""


def adjusted(p: Sequence[float], correction: Correction = "holm") -> list[float]:
    """Each p, raised so that it can be held against 0.05 as if it were the only one."""
    if correction == "none" or not p:
        return list(p)
    if correction == "bh":
        return [float(one) for one in library("scipy.stats").false_discovery_control(p)]
    made, highest = [0.0] * len(p), 0.0
    for rank, place in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        highest = max(highest, min(1.0, (len(p) - rank) * p[place]))
        made[place] = highest
    return made
