"""One measure: its name, what it needs, and the number that it gives a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from churon.evals.types import Row


def _always(rows: Sequence[Row]) -> bool:
    return True


@dataclass(frozen=True)
class Measure:
    """A number for one row; sets of rows are means over those where it has a meaning."""

    name: str
    needs: str
    """What the case and the row must have; without it the score is None."""
    score: Callable[[Row], float | None]
    better: int = 1
    """1: more is better, -1: less is, 0: it depends."""
    binary: bool = False
    """Only 0 and 1: comparisons use McNemar's test."""
    together: Callable[[Sequence[Row]], bool] = _always
    """Whether numbers of these rows may stand in one mean or comparison."""
