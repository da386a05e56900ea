"""The long part: ask what is not in the rows yet, row by row."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from churon.evals.bench import Bench
from churon.evals.metrics.outcome import unshortened
from churon.evals.provenance import conditions
from churon.evals.rows import Writer
from churon.evals.schedule import Task
from churon.evals.spending import Pace, Spending
from churon.evals.types import Case, Provenance, Row
from churon.graphs.contract import RagInput


@dataclass(frozen=True)
class Step:
    """One more row is done."""

    row: Row
    done: int
    total: int
    left: float | None
    """Seconds that the rest will take."""


OnStep = Callable[[Step], None]


@dataclass(frozen=True)
class Outcome:
    """What one run of an evaluation did."""

    rows: int
    errors: int
    stopped: str
    """The limit that ended it, "" when all was asked."""
    waiting: int
    """Rows that are still to be made."""


def asked(case: Case) -> RagInput:
    """All of a case that a graph may see."""
    given = {"question": case["question"], "language": case["language"]}
    return cast(RagInput, {**given, "filter": case.get("filter")})


@dataclass
class Going:
    """One run of an evaluation, `at_once` cases at a time, the variants of each in turn."""

    bench: Bench
    writer: Writer
    spending: Spending
    pace: Pace
    at_once: int
    on_step: OnStep
    _waiting: Counter[str] = field(default_factory=Counter)
    _made: int = 0
    _errors: int = 0
    _stopped: str = ""

    async def all(self, tasks: Sequence[Task]) -> Outcome:
        """Ask; a limit stops it at the end of a row. Raises what no question can do without."""
        for task in tasks:
            self._waiting.update(task.variants)
        total, shared = self._waiting.total(), iter(tasks)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.at_once):
                    group.create_task(self._work(shared, total))
        except ExceptionGroup as several:
            raise several.exceptions[0] from None
        return Outcome(self._made, self._errors, self._stopped, self._waiting.total())

    async def mend(self, rows: Sequence[Row]) -> None:
        """Shorten answers where that had failed; all else of the row stays."""
        for row in rows:
            asker = self.bench.askers.get(row["variant"])
            if asker is None or not unshortened(row) or self.spending.over():
                continue
            held = {**row, "language": row["case"]["language"]}
            short = await asker.shortened(row["case"]["question"], held)
            if "short" in short:
                self.writer.write(cast(Row, {**row, **short}))

    async def _work(self, tasks: Iterator[Task], total: int) -> None:
        for task in tasks:
            for name in task.variants:
                self._stopped = self._stopped or self.spending.over()
                if self._stopped:
                    return
                self._done(await self._row(task.case, name), total)

    async def _row(self, case: Case, name: str) -> Row:
        found = await self.bench.askers[name].ask(asked(case))
        head = Row(
            case=case,
            variant=name,
            variants=list(self.bench.variants),
            graph=self.bench.variants[name].graph,
            at=datetime.now(UTC).isoformat("T", "seconds"),
            provenance=Provenance(
                **{**self.bench.provenance[name], "conditions": conditions(self.at_once)}
            ),
        )
        return cast(Row, {**head, **found})

    def _done(self, row: Row, total: int) -> None:
        self.writer.write(row)
        self.spending.add(row)
        self.pace.add(row)
        self._waiting[row["variant"]] -= 1
        self._made += 1
        self._errors += "error" in row
        left = self.pace.left(self._waiting, self.at_once)
        self.on_step(Step(row, self._made, total, left))
