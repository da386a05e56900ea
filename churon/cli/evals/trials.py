"""How far tuning is: rows of all trials, and how long the rest will take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from churon.cli.evals.progress import Watch
from churon.evals.run import Step
from churon.evals.tune.search import Ended
from churon.evals.types import Row


@dataclass
class Trials:
    """A trial takes as many rows as those before it took on average; the first takes all."""

    trials: int
    development: int
    held_back: int
    """Rows that the verdict still needs."""
    _made: int = 0
    _seconds: float = 0.0
    _over: int = 0
    """Trials of this time, without those of an earlier run."""
    _finished: int = 0
    _asked: int = 0
    """Rows of the trials that are over."""
    _searching: bool = True

    @property
    def total(self) -> int:
        """Rows, as far as one can tell now."""
        if not self._searching:
            return max(self._asked + self.held_back, self._made)
        each = self._asked / self._over if self._over else float(self.development)
        left = round(each * max(0, self.trials - self._finished))
        return self._asked + max(left, self._made - self._asked) + self.held_back

    def over(self, one: Ended, finished: int) -> str:
        """One more trial is over: a line about it."""
        self._over += 1
        self._asked, self._finished = self._made, finished
        return _line(one, finished, self.trials)

    def searched(self) -> None:
        """Only the verdict is left."""
        self._searching, self._asked = False, self._made

    def told_to(self, watch: Watch, at_once: int) -> Callable[[Row], None]:
        """What tells the watch of each row."""

        def on_row(row: Row) -> None:
            self._made += 1
            self._seconds += row.get("seconds", 0.0)
            total = max(self.total, self._made)
            left = (total - self._made) * self._seconds / self._made / at_once
            watch.step(Step(row, self._made, total, left))

        return on_row


def _line(one: Ended, over: int, trials: int) -> str:
    values = ", ".join(f"{name}={value}" for name, value in one.changed.items())
    fate = "" if one.complete else f", given up after {one.asked} questions"
    return f"trial {over} of {trials}: {one.mean:.3f}{fate}; {values or 'the settings in force'}"
