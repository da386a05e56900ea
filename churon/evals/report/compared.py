"""A against every other variant, set by set and over all sets together. p is corrected for the
number of comparisons: one family is of quality, over all sets and variants, another of what was
spent, and those over all sets are two families of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from churon.evals.compare import Comparison, family, paired
from churon.evals.metrics import MEASURES
from churon.evals.pairing import Pairing, Unpaired, pair, together
from churon.evals.types import Row

QUALITY = (
    "answer", "judged", "evidence recall", "citation precision", "citation recall", "support rate",
    "settled",
)  # fmt: skip
SPENT = ("calls", "tokens", "seconds")
TOGETHER = ""
"""In a set's place: all of them."""
Grouped = Mapping[str, Mapping[str, Sequence[Row]]]
"""Rows by set and variant."""


@dataclass(frozen=True)
class Compared:
    """What was compared, and why what was not."""

    pairings: list[tuple[str, Pairing]]
    """With the set of each."""
    comparisons: list[tuple[str, Comparison]]
    refused: list[tuple[str, str, Unpaired]]
    """Set, variant and why."""

    def family(self, set_: str, one: Comparison) -> int:
        """How many comparisons its p was corrected for."""
        own = (set_ == TOGETHER, one.measure in SPENT)
        return sum(
            (name == TOGETHER, each.measure in SPENT) == own for name, each in self.comparisons
        )


def compared(
    grouped: Grouped, a: str, others: Sequence[str], allow: Collection[str], pooled: Collection[str]
) -> Compared:
    """Sets without rows of both variants are no part of it; `pooled` ones are also compared over
    all sets together.
    """
    pairings: list[tuple[str, Pairing]] = []
    refused: list[tuple[str, str, Unpaired]] = []
    for set_, variants in grouped.items():
        for b in others:
            if a not in variants or b not in variants:
                continue
            try:
                pairings.append((set_, pair(variants[a], variants[b], allow=allow)))
            except Unpaired as error:
                refused.append((set_, b, error))
    whole = _whole(pairings, [b for b in others if {a, b} <= set(pooled)])
    told = [
        one for of in (whole, pairings) for names in (QUALITY, SPENT) for one in _family(of, names)
    ]
    order = {(set_, one.b): place for place, (set_, one) in enumerate([*whole, *pairings])}
    told.sort(key=lambda one: order[one[0], one[1].b])
    return Compared(pairings, told, refused)


def _whole(
    pairings: Sequence[tuple[str, Pairing]], others: Sequence[str]
) -> list[tuple[str, Pairing]]:
    """Of every variant that was paired in several sets."""
    by_variant = {b: [one for _, one in pairings if one.b == b] for b in others}
    return [(TOGETHER, together(held)) for held in by_variant.values() if len(held) > 1]


def _family(
    pairings: Sequence[tuple[str, Pairing]], names: Sequence[str]
) -> list[tuple[str, Comparison]]:
    made = [(set_, one) for set_, found in pairings for name in names if (one := _one(found, name))]
    told = family([one for _, one in made])
    return [(set_, one) for (set_, _), one in zip(made, told, strict=True)]


def _one(pairing: Pairing, measure: str) -> Comparison | None:
    if measure == "seconds" and not pairing.timed_alike:
        return None
    return paired(pairing, MEASURES[measure])
