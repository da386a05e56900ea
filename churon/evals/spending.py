"""What a whole evaluation may spend, and how long the rest of it will take."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from churon.evals.types import Row


@dataclass(frozen=True)
class Budget:
    """Limits of an evaluation. Calls and tokens count what the file's rows have spent already, so
    that going on does not spend them twice; minutes are of this time alone.
    """

    calls: int | None = None
    tokens: int | None = None
    minutes: float | None = None


def spent(row: Row) -> tuple[int, int, float]:
    """Calls, tokens and seconds of a row, with what it took to shorten its answer."""
    usage, short = row.get("usage"), row.get("shortening")
    calls = (usage["calls"] if usage else 0) + (short["calls"] if short else 0)
    tokens = (usage["tokens"] if usage else 0) + (short["tokens"] if short else 0)
    return calls, tokens, row.get("seconds", 0.0) + (short["seconds"] if short else 0.0)


class Spending:
    """Checked before each row: rows that are under way are the only overshoot."""

    def __init__(self, budget: Budget, rows: Iterable[Row]) -> None:
        self._budget = budget
        self._began = time.monotonic()
        self._calls = self._tokens = 0
        self._kept = Budget()
        for row in rows:
            self.add(row)

    def add(self, row: Row, half: Row | None = None) -> None:
        """Count a row; `half`: what was counted of it before."""
        calls, tokens, _ = spent(row)
        before = spent(half) if half else (0, 0, 0.0)
        self._calls += calls - before[0]
        self._tokens += tokens - before[1]

    def keep(self, kept: Budget) -> None:
        """Stop so much earlier: something else comes later."""
        self._kept = kept

    def over(self) -> str:
        """Which limit is reached, in words; "" for none."""
        minutes = (time.monotonic() - self._began) / 60
        spent = {"calls": self._calls, "tokens": self._tokens, "minutes": minutes}
        for name, used in spent.items():
            allowed = getattr(self._budget, name)
            if allowed is not None and used + (getattr(self._kept, name) or 0) >= allowed:
                return f"{allowed:,g} {name}"
        return ""


@dataclass
class Pace:
    """Mean seconds by variant, of earlier rows too."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Learn from a row; errors come too soon to tell."""
        if "error" not in row:
            self.seconds.setdefault(row["variant"], []).append(spent(row)[2])

    def left(self, waiting: Mapping[str, int], at_once: int) -> float | None:
        """Seconds that so many rows by variant will take; None while nothing is known.

        A variant that was not seen yet counts as the mean of the others.
        """
        means = {name: _mean(walls) for name, walls in self.seconds.items()}
        if not means:
            return None
        usual = _mean(list(means.values()))
        return sum(n * means.get(name, usual) for name, n in waiting.items()) / at_once


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
