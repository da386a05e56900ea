"""The long part: ask what is not in the rows yet, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from churon.evals.bench import Bench
from churon.evals.metrics.outcome import unshortened
from churon.evals.provenance import conditions
from churon.evals.rows import Key, Writer, key
from churon.evals.schedule import Task
from churon.evals.spending import Pace, Spending
from churon.evals.types import Case, Provenance, Row, Shortening
from churon.graphs.contract import RagInput
from churon.nodes.common import together


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
    unshortened: int
    """Answers that are there, and no short form of them."""
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
    held: Sequence[Row] = ()
    """Earlier rows: of those whose answer could not be shortened only that is made up for."""
    _halves: dict[Key, Row] = field(default_factory=dict)
    _waiting: Counter[str] = field(default_factory=Counter)
    _made: int = 0
    _errors: int = 0
    _unshortened: int = 0
    _stopped: str = ""

    async def all(self, tasks: Sequence[Task]) -> Outcome:
        """Ask; a limit stops it at the end of a row. Raises what no question can do without."""
        for task in tasks:
            self._waiting.update(task.variants)
        halves = (row for row in self.held if unshortened(row))
        self._halves = {key(row["case"], row["variant"]): row for row in halves}
        total, shared = self._waiting.total(), iter(tasks)
        await together(*(self._work(shared, total) for _ in range(self.at_once)))
        left = self._waiting.total()
        return Outcome(self._made, self._errors, self._unshortened, self._stopped, left)

    async def _work(self, tasks: Iterator[Task], total: int) -> None:
        for task in tasks:
            for name in task.variants:
                self._stopped = self._stopped or self.spending.over()
                if self._stopped:
                    return
                half = self._halves.get(key(task.case, name))
                made = await (self._whole(half) if half else self._row(task.case, name))
                self._done(made, total, half)

    async def _whole(self, half: Row) -> Row:
        """Its answer shortened; the calls that had failed stay counted."""
        asker = self.bench.askers[half["variant"]]
        before = half["shortening"]
        answer = {**half, "language": half["case"]["language"]}
        found = await asker.shortened(half["case"]["question"], answer)
        now: Shortening = found["shortening"]
        now["calls"] += before["calls"]
        now["tokens"] += before["tokens"]
        return cast(Row, {**half, **found})

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

    def _done(self, row: Row, total: int, half: Row | None) -> None:
        self.writer.write(row)
        self.spending.add(row, half)
        if half is None:
            self.pace.add(row)
        self._waiting[row["variant"]] -= 1
        self._made += 1
        self._errors += "error" in row
        self._unshortened += unshortened(row)
        left = self.pace.left(self._waiting, self.at_once)
        self.on_step(Step(row, self._made, total, left))
