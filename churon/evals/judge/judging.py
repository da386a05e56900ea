"""The long part: ask the judge, answer by answer; a row is on disk before the next is asked."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from churon.evals.judge.asking import By, Judge
from churon.evals.rows import Writer
from churon.evals.run import OnStep, Step
from churon.evals.types import Row
from churon.nodes.common import together
from churon.tools.errors import ModelError, ModelMissing, ModelUnreachable

MOST_FAILURES = 3
"""Answers in a row that the model fails at: one alone may be its own fault, such as its length."""


@dataclass
class Judging:
    """One judge at work, on `at_once` answers at a time."""

    by: By
    writer: Writer
    at_once: int
    on_step: OnStep
    silent: int = 0
    """Answers without a verdict."""
    _done: int = 0
    _failures: int = 0

    def unanswered(self, rows: Sequence[Row]) -> None:
        """Wrong, whatever a model would say."""
        for row in rows:
            self._write(row, 0.0)

    async def all(self, judge: Judge, rows: Sequence[Row]) -> None:
        """Raises ModelError where the model is not there, or fails at several answers in a row."""
        shared, total, began = iter(rows), len(rows), time.monotonic()
        await together(*(self._work(judge, shared, total, began) for _ in range(self.at_once)))

    async def _work(self, judge: Judge, rows: Iterator[Row], total: int, began: float) -> None:
        for row in rows:
            done = self._write(row, await self._correct(judge, row, total))
            self._done += 1
            left = (time.monotonic() - began) / self._done * (total - self._done)
            self.on_step(Step(done, self._done, total, left))

    async def _correct(self, judge: Judge, row: Row, total: int) -> float | None:
        try:
            found = await judge.correct(row)
        except (ModelMissing, ModelUnreachable):
            raise
        except ModelError:  # hours of other rows must not be lost to one answer
            self._failures += 1
            if self._failures >= min(MOST_FAILURES, total):
                raise
            found = None
        else:
            self._failures = 0
        self.silent += found is None
        return found

    def _write(self, row: Row, correct: float | None) -> Row:
        made = cast(Row, {**row, "judge": self.by.judgement(row, correct)})
        self.writer.write(made)
        return made
