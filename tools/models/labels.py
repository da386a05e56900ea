"""Closed sets of one-letter labels, the same in Korean and English, and distributions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Rung = Literal["logprobs", "schema", "regex", "vote", "neutral"]
"""How a distribution was read, from best to last resort."""


@dataclass(frozen=True)
class LabelSet:
    """Single ASCII letters or digits, the assertion first and its denial later."""

    name: str
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        fine = all(len(x) == 1 and x.isascii() and x.isalnum() for x in self.labels)
        if not fine or len(set(self.labels)) != len(self.labels) or len(self.labels) < 2:
            raise ValueError(f"{self.labels!r} are not distinct ASCII letters or digits.")


@dataclass(frozen=True)
class Distribution:
    """P(label); sums to 1 over the label set."""

    labels: dict[str, float]
    """In the label set's order."""
    coverage: float
    """Probability mass on the labels before renormalising, in [0, 1]; without log-probs the share
    of answers that named a label."""
    rung: Rung

    def p(self, label: str) -> float:
        """P(label). Raises KeyError for a label that was not asked for."""
        return self.labels[label]

    def expected(self, weights: Mapping[str, float]) -> float:
        """Mean of `weights` under this distribution."""
        return sum(p * weights[label] for label, p in self.labels.items())

    def says(self, label: str) -> bool:
        """P(label) is above 0.5: never for a tie, and never without an answer."""
        return self.rung != "neutral" and self.labels[label] > 0.5


RETRIEVE = LabelSet("retrieve", ("Y", "N", "C"))
"""Search (Y), no need to (N), continue with the evidence at hand (C). Self-RAG's Retrieve."""
RELEVANCE = LabelSet("relevance", ("Y", "N"))
"""Does the passage help to answer? Self-RAG's IsRel."""
SUPPORT = LabelSet("support", ("F", "P", "N"))
"""Fully, partially, not supported by the passage. Self-RAG's IsSup."""
UTILITY = LabelSet("utility", ("1", "2", "3", "4", "5"))
"""How useful the answer is, 5 best. Self-RAG's IsUse; read it through `expected`."""
SUFFICIENT = LabelSet("sufficient", ("Y", "N"))
"""Is the evidence held already enough?"""
SAME = LabelSet("same", ("Y", "N"))
"""Do two answers mean the same?"""
JUDGED = LabelSet("judged", ("C", "W"))
"""Is an answer correct, given accepted ones? Of evaluation's judge; no graph asks it."""
