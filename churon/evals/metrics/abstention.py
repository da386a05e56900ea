"""Abstaining on questions that the documents do not answer.

A question without an answer is the positive class (SQuAD v2.0's, arXiv 1806.03822). An error and a
budget that ended first are no abstentions: they miss such a question, and never name one wrongly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from churon.evals.metrics.measure import Measure
from churon.evals.metrics.outcome import abstained, answered, failed
from churon.evals.types import Row


@dataclass(frozen=True)
class Abstention:
    """Counts, and what follows from them; None where the divisor is 0."""

    unanswerable: int
    abstained: int
    right: int
    """Abstentions on questions without an answer."""

    @property
    def precision(self) -> float | None:
        return self.right / self.abstained if self.abstained else None

    @property
    def recall(self) -> float | None:
        return self.right / self.unanswerable if self.unanswerable else None

    @property
    def f1(self) -> float | None:
        both = self.abstained + self.unanswerable
        return 2 * self.right / both if both else None


def abstention(rows: Sequence[Row]) -> Abstention:
    """Over all rows, errors among them."""
    held = [row for row in rows if abstained(row)]
    return Abstention(
        unanswerable=sum(not row["case"]["answerable"] for row in rows),
        abstained=len(held),
        right=sum(not row["case"]["answerable"] for row in held),
    )


def abstained_of(row: Row) -> float | None:
    """1 where the question was declined; None for an error."""
    return None if failed(row) else float(abstained(row))


def settled(row: Row) -> float:
    """1 where an answerable question was answered, well or badly, or another one declined."""
    return float(answered(row) if row["case"]["answerable"] else abstained(row))


MEASURES = (
    Measure("abstained", "a row without error", abstained_of, better=0, binary=True),
    Measure("settled", "nothing", settled, binary=True),
)
