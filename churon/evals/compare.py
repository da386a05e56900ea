"""Variants against a baseline on the same questions: differences, intervals, tests, corrections.

Questions are the sample: a comparison generalises to questions like these, for these models, this
corpus and this seed. Read the interval first; p only says whether 0 is a plausible difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from churon.evals.metrics import QUALITY, Measure
from churon.evals.pairing import Pairing, pair
from churon.evals.stats import (
    Correction,
    adjusted,
    among,
    detectable,
    interval,
    mcnemar,
    paired_proportions,
    permutation,
)
from churon.evals.types import Row
from churon.tools.errors import InputError


@dataclass(frozen=True)
class Comparison:
    """One measure of B against A, over the pairs where it has a meaning for both."""

    measure: str
    a: str
    b: str
    n: int
    left_out: int
    """Pairs where it has a meaning for one only, such as the time of an error."""
    mean_a: float
    mean_b: float
    difference: float
    """B minus A."""
    low: float | None
    high: float | None
    """95 % interval of the difference: BCa bootstrap, Newcombe's for 0 and 1; None for one pair."""
    wins: int
    """Pairs where B has more, whether or not more is better."""
    losses: int
    p: float
    """Two-sided, of this comparison alone."""
    test: Literal["permutation", "mcnemar"]
    """McNemar's exact test for measures of 0 and 1, else the permutation test."""
    mid_p: float | None
    """McNemar's, less conservative; told beside p, not corrected."""
    adjusted_p: float
    """After the correction for all comparisons of the call."""
    detectable: float | None
    """The difference that 80 of 100 such comparisons would find, after Holm's correction for those
    of the call; see stats/power.py."""


@dataclass(frozen=True)
class Report:
    """All comparisons of one call, and the pairs that they rest on."""

    baseline: str
    correction: Correction
    pairings: list[Pairing]
    """One a variant, in the order of rows."""
    comparisons: list[Comparison]
    """By variant, then measure; without those that no pair has a meaning for."""


def compare(
    rows: Sequence[Row],
    baseline: str,
    *,
    variants: Sequence[str] = (),
    measures: Sequence[Measure] = QUALITY,
    correction: Correction = "holm",
) -> Report:
    """Every variant (or those named) against the baseline; the family that `correction` is for is
    all comparisons of the call, so name the measures that the question is about.

    Raises InputError for a variant without rows and for rows that must not be paired: see `pair`.
    """
    by_variant: dict[str, list[Row]] = {}
    for row in rows:
        by_variant.setdefault(row["variant"], []).append(row)
    wanted = list(variants) or [name for name in by_variant if name != baseline]
    missing = [name for name in (baseline, *wanted) if name not in by_variant]
    if missing or not wanted:
        raise InputError(
            f"No rows of {missing or 'any variant beside the baseline'!r}.",
            remedy=f"There are rows of {sorted(by_variant)!r}.",
        )
    pairings = [pair(by_variant[baseline], by_variant[name]) for name in wanted]
    made = [one for p in pairings for m in measures if (one := paired(p, m))]
    return Report(baseline, correction, pairings, family(made, correction))


def family(made: Sequence[Comparison], correction: Correction = "holm") -> list[Comparison]:
    """The comparisons as one family: their p raised for it, and what they could have found."""
    raised = adjusted([one.p for one in made], correction)
    tests = len(made) if correction == "holm" else 1
    return [
        replace(one, adjusted_p=p, detectable=among(one.detectable, one.n, tests))
        for one, p in zip(made, raised, strict=True)
    ]


def paired(pairing: Pairing, measure: Measure) -> Comparison | None:
    """One comparison, its p not corrected; None where no pair has a meaning for the measure, or
    what measured them was not the same.
    """
    scored = [(measure.score(first), measure.score(second)) for first, second in pairing.pairs]
    held = [(a, b) for a, b in scored if a is not None and b is not None]
    if not held or not measure.together([row for two in pairing.pairs for row in two]):
        return None
    before, after = [a for a, _ in held], [b for _, b in held]
    apart = [b - a for a, b in held]
    binary = mcnemar(before, after) if measure.binary else None
    span = paired_proportions(before, after) if binary else interval(apart)
    p = binary.p if binary else permutation(apart)
    return Comparison(
        measure=measure.name,
        a=pairing.a,
        b=pairing.b,
        n=len(held),
        left_out=sum((a is None) != (b is None) for a, b in scored),
        mean_a=sum(before) / len(held),
        mean_b=sum(after) / len(held),
        difference=sum(apart) / len(held),
        low=span.low,
        high=span.high,
        wins=sum(one > 0 for one in apart),
        losses=sum(one < 0 for one in apart),
        p=p,
        test="mcnemar" if binary else "permutation",
        mid_p=binary.mid_p if binary else None,
        adjusted_p=p,
        detectable=detectable(apart),
    )
