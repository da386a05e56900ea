"""A/A: the same system against itself, many times. Any difference found is a false one, so that
tests must find one in 5 % of simulations, and intervals must cover 0 in 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churon.evals.stats.bootstrap import Method, interval
from churon.evals.stats.mcnemar import mcnemar
from churon.evals.stats.permutation import permutation

Scores = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], tuple[Scores, Scores]]
"""Scores of both runs on so many questions, in the same order."""


@dataclass(frozen=True)
class Rates:
    """Shares of the simulations."""

    simulations: int
    pairs: int
    permutation: float
    """Found a difference at 5 %."""
    exact: float
    """McNemar's exact test, on outcomes of 0 and 1."""
    mid_p: float
    coverage: float
    """The interval held 0."""

    @property
    def tolerance(self) -> float:
        """Two standard errors of a true rate of 5 %: 1.4 points in 1,000 simulations."""
        return 2 * math.sqrt(0.05 * 0.95 / self.simulations)


def scores(random: np.random.Generator, n: int) -> tuple[Scores, Scores]:
    """Two runs over questions of unlike difficulty, with scores like F1's: many 0 and 1."""
    skill = random.beta(1.5, 1.5, n)

    def run() -> Scores:
        partly = random.beta(4 * skill, 4 * (1 - skill))
        whole = (random.random(n) < skill).astype(float)
        return np.where(random.random(n) < 0.5, partly, whole)

    return run(), run()


def outcomes(random: np.random.Generator, n: int) -> tuple[Scores, Scores]:
    """The same with right and wrong only."""
    skill = random.beta(1.5, 1.5, n)
    return (random.random(n) < skill).astype(float), (random.random(n) < skill).astype(float)


def aa_check(
    simulations: int = 1_000,
    pairs: int = 100,
    *,
    draw: Draw = scores,
    method: Method = "BCa",
    resamples: int = 999,
    seed: int = 7,
) -> Rates:
    """Runs the very functions that comparisons use; `resamples` is for permutation and bootstrap.

    McNemar is tried on `outcomes`, all else on what `draw` gives.
    """
    random = np.random.default_rng(seed)
    found = np.zeros((simulations, 4))
    for one in found:
        first, second = draw(random, pairs)
        apart, again = (second - first).tolist(), int(random.integers(2**31))
        before, after = outcomes(random, pairs)
        binary = mcnemar(before.tolist(), after.tolist())
        span = interval(apart, method=method, resamples=resamples, seed=again)
        assert span.low is not None and span.high is not None
        p = permutation(apart, resamples=resamples, seed=again)
        one[:] = p <= 0.05, binary.p <= 0.05, binary.mid_p <= 0.05, span.low <= 0 <= span.high
    return Rates(simulations, pairs, *map(float, found.mean(axis=0)))
