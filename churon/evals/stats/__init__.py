"""Statistics of paired comparisons: over plain numbers, they know nothing of rows."""

from __future__ import annotations

from churon.evals.stats.bootstrap import Interval, interval
from churon.evals.stats.mcnemar import McNemar, mcnemar
from churon.evals.stats.multiple import Correction, adjusted
from churon.evals.stats.newcombe import paired_proportions
from churon.evals.stats.permutation import permutation
from churon.evals.stats.power import among, detectable

__all__ = [
    "Correction",
    "Interval",
    "McNemar",
    "adjusted",
    "among",
    "detectable",
    "interval",
    "mcnemar",
    "paired_proportions",
    "permutation",
]
