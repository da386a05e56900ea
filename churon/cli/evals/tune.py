"""`churon eval tune`: search on the development questions, then the verdict on the others."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from churon.cli.common import visible
from churon.cli.evals.progress import Watch, say, watched
from churon.cli.evals.run import alone, loaded
from churon.cli.evals.trials import Trials
from churon.cli.evals.tuned import KEPT, WRITTEN, Told, check, write
from churon.evals.bench import Bench, MakeToolkit, opened
from churon.evals.extra import library
from churon.evals.rows import Writer, key, read
from churon.evals.spending import Budget, Spending
from churon.evals.tune.gain import Gain, gain
from churon.evals.tune.knobs import CALIBRATION, Knob, calibrates, space
from churon.evals.tune.objective import Objective, objective
from churon.evals.tune.search import (
    CURRENT,
    Asking,
    Search,
    changed,
    check_failures,
    rungs,
    start,
)
from churon.evals.tune.split import Split, split
from churon.evals.tune.study import Study
from churon.evals.types import Row
from churon.evals.variants import Variant
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit

SETTINGS, STUDY, ROWS, HELD_BACK = "tuned.toml", "study.journal", "rows.jsonl", "held-back.jsonl"


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for."""

    set: Path
    graph: str
    form: str | None = None
    knobs: Sequence[str] = ()
    objective: str = "quality"
    call_cost: float = 0.0
    held_back: float = 0.5
    n: int | None = None
    seed: int = 7
    trials: int = 20
    output: Path | None = None
    at_once: int = 1
    budget: Budget = field(default_factory=Budget)
    use_store: bool = False


async def run(wanted: Wanted, settings: Settings, make: MakeToolkit = Toolkit) -> int:
    """Exit status 0, gain or none, also where a limit ended it."""
    goal = objective(wanted.objective, wanted.call_cost)
    knobs = space(wanted.graph, settings, wanted.knobs)
    library("optuna")  # before hours of questions
    whole = loaded(wanted.set, wanted.form, use_store=wanted.use_store)
    dataset = whole.sample(wanted.n, wanted.seed)
    sides = split(dataset.cases, wanted.held_back, wanted.seed)
    folder = wanted.output or Path(".churon") / "evals" / f"{whole.name}-{wanted.graph}-tune"
    check(folder / SETTINGS)
    say(_plan(wanted, sides, knobs))
    with alone(folder / ROWS):
        tuning = _Tuning(wanted, settings, goal, knobs, sides, folder)
        trials = Trials(wanted.trials, len(sides.development), 2 * len(sides.held_back))
        with watched(trials.total) as watch:
            variants = [Variant(CURRENT, wanted.graph, settings)]
            ready = opened(variants, dataset, on_stocked=watch.stocked, make=make)
            async with ready as bench:
                said = await tuning.all(bench, trials, watch)
    sys.stdout.write(said)
    return 0


@dataclass(frozen=True)
class _Tuning:
    wanted: Wanted
    settings: Settings
    goal: Objective
    knobs: Sequence[Knob]
    sides: Split
    folder: Path

    async def all(self, bench: Bench, trials: Trials, watch: Watch) -> str:
        """What to print in the end."""
        rows, later = (read(self.folder / name).rows for name in (ROWS, HELD_BACK))
        spending = Spending(self.wanted.budget, [*rows, *later])
        trials.held_back = self._missing(later)
        on_row = trials.told_to(watch, self.wanted.at_once)
        with Writer(self.folder / ROWS) as writer:
            path = str(self.folder / ROWS)
            asking = Asking(bench, writer, rows, spending, self.wanted.at_once, on_row, path)
            search = self._search(asking, trials, watch)
            stopped = await search.run()
        spending.keep(Budget())
        trials.searched()
        with Writer(self.folder / HELD_BACK) as writer:
            path = str(self.folder / HELD_BACK)
            asking = Asking(bench, writer, later, spending, self.wanted.at_once, on_row, path)
            return await self._verdict(search, asking, stopped)

    def _search(self, asking: Asking, trials: Trials, watch: Watch) -> Search:
        current = asking.bench.variants[CURRENT]
        study = Study(
            self.folder / STUDY,
            seed=self.wanted.seed,
            first_rung=rungs(len(self.sides.development))[0],
            about=self._about(asking.bench),
            start=start(self.knobs, current),
        )
        return Search(
            asking=asking,
            study=study,
            current=Variant(CURRENT, self.wanted.graph, self.settings),
            knobs=self.knobs,
            calibrate=calibrates(self.wanted.graph, self.wanted.knobs),
            development=self.sides.development,
            objective=self.goal,
            trials=self.wanted.trials,
            later=trials.held_back,
            on_trial=lambda one: watch.say(trials.over(one, study.finished)),
        )

    def _missing(self, later: Sequence[Row]) -> int:
        """Rows that the verdict on a winner still to come needs: none of its own are there yet,
        whatever earlier winners have.
        """
        held = {key(row["case"], row["variant"]) for row in later}
        mine = sum(key(case, CURRENT) not in held for case in self.sides.held_back)
        return mine + len(self.sides.held_back)

    def _about(self, bench: Bench) -> dict[str, Any]:
        """What a study must agree in to be gone on with."""
        return {
            "graph": self.wanted.graph,
            "corpus": bench.provenance[CURRENT]["corpus"],
            "objective": str(self.goal),
            "knobs": [str(knob) for knob in self.knobs],
            "calibration": calibrates(self.wanted.graph, self.wanted.knobs),
            "seed": self.wanted.seed,
            "development": sorted(case["id"] for case in self.sides.development),
            "held back": sorted(case["id"] for case in self.sides.held_back),
            "answers and sources": self._gold(),
        }

    def _gold(self) -> str:
        """Hash of what is right: trials scored before it was edited cannot be compared with later
        ones.
        """
        cases = sorted((*self.sides.development, *self.sides.held_back), key=lambda one: one["id"])
        text = json.dumps([{**one, "tags": []} for one in cases], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    async def _verdict(self, search: Search, asking: Asking, stopped: str) -> str:
        best, first = search.study.best(), search.study.start()
        # before the limit, for the verdict's share of it is kept
        again = (
            f"Stopped for the limit of {stopped}: run it again for the rest.\n" if stopped else ""
        )
        if first is None:
            return f"{again}The settings in force were not asked everything yet.\n"
        tuned = await search.variant(best.params)
        if tuned.name == CURRENT:
            return (
                f"{again}None of {search.study.finished} trials did better than the settings in "
                f"force on {len(self.sides.development)} questions: {first.value:.3f}. Keep them.\n"
            )
        limit = await asking.ask(self.sides.held_back, [CURRENT, tuned.name])
        earlier = {row["variant"] for row in asking.rows} - {CURRENT, tuned.name}
        rows = asking.rows_of((CURRENT, tuned.name), self.sides.held_back)
        for name, values in ((CURRENT, {}), (tuned.name, changed(best.params, search.current))):
            check_failures([row for row in rows if row["variant"] == name], values)
        told = self._told(search, gain(rows, self.goal, len(earlier)), limit)
        path = self.folder / SETTINGS
        done = WRITTEN if write(path, tuned.settings, told) else KEPT
        said = [*told.lines(), done.format(path=path)]
        return again + "\n".join(map(visible, said)) + "\n"

    def _told(self, search: Search, found: Gain | None, limit: str) -> Told:
        best, first, current = search.study.best(), search.study.start(), search.current
        return Told(
            set=self.wanted.set.stem,
            graph=self.wanted.graph,
            seed=self.wanted.seed,
            objective=str(self.goal),
            trials=search.study.finished,
            development=len(self.sides.development),
            held_back=len(self.sides.held_back),
            before=first.value,
            after=best.value,
            changed=changed(best.params, current),
            was={**start(self.knobs, current), CALIBRATION: "as it is"},
            fits=search.fits,
            gain=found,
            stopped=limit,
        )


def _plan(wanted: Wanted, sides: Split, knobs: Sequence[Knob]) -> str:
    said = f"{wanted.set.stem}: {len(sides.development)} questions to tune {wanted.graph} on, "
    said += f"{len(sides.held_back)} held back; {', '.join(map(str, knobs))}"
    return said + (", calibration" if calibrates(wanted.graph, wanted.knobs) else "")
