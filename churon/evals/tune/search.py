"""The search: trial after trial, each asked more and more of the development questions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from churon.evals.bench import Bench
from churon.evals.provenance import check_same
from churon.evals.rows import Writer, key
from churon.evals.run import Going, Step
from churon.evals.schedule import schedule
from churon.evals.spending import Budget, Pace, Spending, spent
from churon.evals.tune.critic import Fitted, calibrated_settings, fitted
from churon.evals.tune.knobs import CALIBRATION, Knob
from churon.evals.tune.objective import Objective
from churon.evals.tune.study import FACTOR, Study
from churon.evals.types import Case, Row
from churon.evals.variants import Variant
from churon.tools.errors import InputError

CURRENT = "current"
"""Name of the variant with the settings in force."""
_ELSEWHERE = "Tune into another folder with --output."
_FIRST = 8
"""Questions of the first rung at least: with fewer, luck decides who is asked more."""


def rungs(n: int) -> list[int]:
    """After how many of n questions trials are compared, n the last."""
    first = min(n, max(_FIRST, -(-n // FACTOR**2)))
    made = [first]
    while made[-1] * FACTOR < n:
        made.append(made[-1] * FACTOR)
    return made if made[-1] == n else [*made, n]


@dataclass(frozen=True)
class Ended:
    """One trial is over."""

    number: int
    changed: dict[str, Any]
    """What is not as in the settings in force."""
    mean: float
    asked: int
    complete: bool


@dataclass
class Asking:
    """Asks what is not in the rows yet, and keeps them."""

    bench: Bench
    writer: Writer
    rows: list[Row]
    spending: Spending
    at_once: int
    on_row: Callable[[Row], None]
    path: str

    async def ask(self, cases: Sequence[Case], names: Sequence[str]) -> str:
        """The limit that stopped it before the last question; "" when all were asked."""
        for row in self.rows:
            if row["variant"] in names:
                variant = self.bench.variants[row["variant"]]
                wanted = self.bench.provenance[variant.name]
                check_same(row, wanted, variant.graph, self.path, _ELSEWHERE)
        tasks = schedule(cases, names, self.rows, keep_errors=False)
        held = self.rows
        going = Going(
            self.bench, self.writer, self.spending, Pace(), self.at_once, self._keep, held
        )
        outcome = await going.all(tasks)
        return outcome.stopped if outcome.waiting else ""

    def _keep(self, step: Step) -> None:
        place = key(step.row["case"], step.row["variant"])
        self.rows = [row for row in self.rows if key(row["case"], row["variant"]) != place]
        self.rows.append(step.row)
        self.on_row(step.row)

    def rows_of(self, names: Sequence[str], cases: Sequence[Case]) -> list[Row]:
        """The rows of these variants on these questions, as they were asked."""
        wanted = {key(case, name) for case in cases for name in names}
        return [row for row in self.rows if key(row["case"], row["variant"]) in wanted]


@dataclass
class Search:
    """One study over the development questions; it knows of no other."""

    asking: Asking
    study: Study
    current: Variant
    knobs: Sequence[Knob]
    calibrate: bool
    development: Sequence[Case]
    objective: Objective
    trials: int
    later: int
    """Rows that the verdict needs: the budget must last for them."""
    on_trial: Callable[[Ended], None]
    fits: list[Fitted] = field(default_factory=list)

    async def run(self) -> str:
        """Until all trials are over; the limit that ended it earlier, or ""."""
        stopped = await self._prepare() if self.study.start() else ""
        while not stopped and self.study.finished < self.trials:
            trial = self.study.next()
            stopped = await self._play(trial)
            if trial.number == 0 and not stopped:
                stopped = await self._prepare()
        return stopped

    async def _prepare(self) -> str:
        """What needs the rows of the settings in force."""
        stopped = await self.asking.ask(self.development, [CURRENT])
        rows = self.asking.rows_of([CURRENT], self.development)
        if self.calibrate:
            self.fits = fitted(rows, self.current.settings, self.model)
        if self.fits and self.study.begun == 1:
            self.study.enqueue({**start(self.knobs, self.current), CALIBRATION: "fitted"})
        await self._keep()
        return stopped

    async def _keep(self, *names: str) -> None:
        """Leave the verdict's share of the budget, at the price of the dearest that may be in it:
        the settings in force, the best so far and those named.
        """
        if (best := self.study.best()) is None:
            return  # the settings in force are asked themselves
        wanted = {CURRENT, (await self.variant(best.params)).name, *names}
        groups = [self.asking.rows_of([name], self.development) for name in wanted]
        self.asking.spending.keep(_cost(groups, self.later, self.asking.at_once))

    @property
    def model(self) -> str:
        """Name of the critic's model."""
        return self.asking.bench.askers[CURRENT].port.name

    async def _play(self, trial: Any) -> str:
        params = self.study.suggested(trial, self.knobs, fits=bool(self.fits))
        variant = await self.variant(params)
        steps, mean = rungs(len(self.development)), 0.0
        for asked in steps:
            cases = self.development[:asked]
            if stopped := await self.asking.ask(cases, [variant.name]):
                return stopped
            await self._keep(variant.name)
            mean = self._mean(self.asking.rows_of([variant.name], cases), params)
            if asked < steps[-1] and self.study.hopeless(trial, asked, mean):
                self._ended(trial, params, mean, asked, complete=False)
                return ""
        self.study.complete(trial, mean)
        self._ended(trial, params, mean, steps[-1], complete=True)
        return ""

    def _ended(
        self, trial: Any, params: Mapping[str, Any], mean: float, asked: int, *, complete: bool
    ) -> None:
        self.on_trial(Ended(trial.number, changed(params, self.current), mean, asked, complete))

    async def variant(self, params: Mapping[str, Any]) -> Variant:
        """The variant with these values, on the bench; equal values are one variant."""
        made = varied(params, self.current, self.fits, self.model)
        if made.name not in self.asking.bench.variants:
            await self.asking.bench.add(made)
        return made

    def _mean(self, rows: Sequence[Row], params: Mapping[str, Any]) -> float:
        check_failures(rows, changed(params, self.current))
        mean = self.objective.mean(rows)
        if mean is None:
            raise InputError(
                f"The measure {self.objective.measure.name!r} has no meaning for these questions: "
                f"it needs {self.objective.measure.needs}.",
                remedy="Name another --objective, such as quality.",
            )
        return mean


def check_failures(rows: Sequence[Row], values: Mapping[str, Any]) -> None:
    """Raise InputError where most runs failed: an outage must not be taken for bad settings."""
    errors = [row["error"] for row in rows if "error" in row]
    if 2 * len(errors) <= len(rows):
        return
    said = ", ".join(f"{name}={value}" for name, value in values.items())
    under = f" with {said}" if said else ""
    last = errors[-1].rstrip(".")
    raise InputError(
        f"{len(errors)} of {len(rows)} questions failed{under}, the last with: {last}.",
        remedy="Mend that, then run it again: it goes on there, and asks again what failed. If "
        "these values are the cause, give --knob a narrower range and --output another folder.",
    )


def start(knobs: Sequence[Knob], current: Variant) -> dict[str, Any]:
    """The values in force."""
    return {knob.name: getattr(current.settings.context, knob.name) for knob in knobs}


def changed(params: Mapping[str, Any], current: Variant) -> dict[str, Any]:
    """The values that are not in force, as people write them."""
    held = current.settings.context.model_dump()
    numbers = {name: value for name, value in params.items() if name != CALIBRATION}
    rounded = {k: round(v, 3) if isinstance(v, float) else v for k, v in numbers.items()}
    made = {k: v for k, v in rounded.items() if held[k] not in (v, numbers[k])}
    fits = {CALIBRATION: "fitted"} if params.get(CALIBRATION) == "fitted" else {}
    return {**made, **fits}


def varied(
    params: Mapping[str, Any], current: Variant, fits: Sequence[Fitted], model: str
) -> Variant:
    """The settings in force with these values instead."""
    new = changed(params, current)
    if not new:
        return current
    marks = json.dumps(new, sort_keys=True)
    settings = current.settings
    if new.pop(CALIBRATION, None):
        settings = calibrated_settings(settings, fits, model)
    settings = settings.model_copy(update={"context": settings.context.model_copy(update=new)})
    name = f"tuned-{hashlib.sha256(marks.encode()).hexdigest()[:8]}"
    return Variant(name, current.graph, settings)


def _cost(groups: Sequence[Sequence[Row]], later: int, at_once: int) -> Budget:
    """What so many more rows take that are like those of the dearest group."""
    took = [[spent(row) for row in rows] for rows in groups if rows]
    calls = max(sum(one[0] for one in rows) / len(rows) for rows in took)
    seconds = max(sum(one[2] for one in rows) / len(rows) for rows in took)
    return Budget(calls=round(later * calls), minutes=later * seconds / 60 / at_once)
