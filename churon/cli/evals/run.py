"""`churon eval run`: the set, the variants, what is missing; then row by row."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from churon.cli.evals.progress import say, watched
from churon.evals.bench import MakeToolkit, opened, origins
from churon.evals.datasets.dataset import Dataset
from churon.evals.datasets.load import load
from churon.evals.provenance import check_same
from churon.evals.renewed import Renewal, renewed
from churon.evals.rows import Rows, Writer, read
from churon.evals.run import Going, Outcome
from churon.evals.schedule import Task, pending, schedule
from churon.evals.spending import Budget, Pace, Spending
from churon.evals.types import Provenance
from churon.evals.variants import SettingsFor, Variant, variants
from churon.tools.errors import InputError
from churon.tools.private import private_folder
from churon.tools.toolkit import Toolkit


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for."""

    set: Path
    form: str | None
    variants: Sequence[str]
    n: int | None
    seed: int
    output: Path | None
    at_once: int
    budget: Budget
    keep_errors: bool
    use_store: bool


async def run(wanted: Wanted, settings_for: SettingsFor, make: MakeToolkit = Toolkit) -> int:
    """Exit status: 0 when no row failed, also where a limit ended it; 1 when some did."""
    chosen = variants(wanted.variants, settings_for)
    whole = loaded(wanted.set, wanted.form, use_store=wanted.use_store)
    dataset = whole.sample(wanted.n, wanted.seed)
    path = wanted.output or Path(".churon") / "evals" / f"{whole.name}.jsonl"
    say(_counted(whole, dataset))
    with alone(path):
        renewal = renewed(path, read(path), whole.cases, whole.name)
        held = renewal.rows
        say(str(renewal))
        names = [one.name for one in chosen]
        tasks = schedule(dataset.cases, names, held.rows, keep_errors=wanted.keep_errors)
        say(_found(held, pending(tasks), path))
        if not tasks:
            _check(await origins(chosen, dataset, make=make), chosen, renewal)
            renewal.write()
            return 0
        outcome = await _asked(wanted, chosen, dataset, tasks, renewal, make)
    sys.stdout.write(_told(outcome, path))
    return 1 if outcome.errors or outcome.unshortened else 0


def loaded(path: Path, form: str | None, *, use_store: bool) -> Dataset:
    """The set; with `use_store` its questions, to be asked of what the user ingested."""
    whole = load(path, form)
    if not use_store or not whole.documents:
        return whole
    say(f"{whole.name}: its own documents are not searched, and its sources are not scored")
    return whole.without_sources()


async def _asked(
    wanted: Wanted,
    chosen: Sequence[Variant],
    dataset: Dataset,
    tasks: Sequence[Task],
    renewal: Renewal,
    make: MakeToolkit,
) -> Outcome:
    held, path = renewal.rows.rows, renewal.path
    spending, pace = Spending(wanted.budget, held), Pace()
    for row in held:
        pace.add(row)
    with watched(pending(tasks)) as watch:
        ready = opened(chosen, dataset, on_stocked=watch.stocked, make=make)
        async with ready as bench:
            _check(bench.provenance, chosen, renewal)
            renewal.write()  # not before: these may be another set's rows of the same name
            with Writer(path) as writer:
                going = Going(bench, writer, spending, pace, wanted.at_once, watch.step, held)
                return await going.all(tasks)


def _check(now: Mapping[str, Provenance], chosen: Sequence[Variant], renewal: Renewal) -> None:
    """Rows of one variant must all be made alike. Raises InputError."""
    graphs = {one.name: one.graph for one in chosen}
    back = {id(row) for row in renewal.back}
    for row in [*renewal.rows.rows, *renewal.gone]:
        if (graph := graphs.get(row["variant"])) is not None:
            path = renewal.aside if id(row) in back else renewal.path
            check_same(row, now[row["variant"]], graph, str(path))


_ELSEWHERE = "Wait for it, or write to another file with --output."


@contextmanager
def alone(path: Path, remedy: str = _ELSEWHERE) -> Iterator[None]:
    """Nobody else may write the file meanwhile. Raises InputError."""
    if path.is_dir():
        raise InputError(f"{str(path)!r} is a folder.", remedy="Name a file for the rows.")
    private_folder(path.parent)
    lock = FileLock(path.with_name(f"{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise InputError(f"Another run is writing {str(path)!r}.", remedy=remedy) from error
    try:
        yield
    finally:
        lock.release()


def _counted(whole: Dataset, sample: Dataset) -> str:
    said = f"{whole.name}: {len(sample.cases)} of {len(whole.cases)} questions"
    said += f", {len(whole.documents)} documents" if whole.documents else ""
    for reason, count in whole.left_out.items():
        said += f"; {count} left out ({reason})"
    unreviewed = sum("unreviewed" in case.get("tags", []) for case in sample.cases)
    return said + (f"; {unreviewed} not reviewed yet" if unreviewed else "")


def _found(held: Rows, missing: int, path: Path) -> str:
    torn = f", {held.torn} unreadable lines" if held.torn else ""
    return f"{path}: {len(held.rows)} rows{torn}; {missing} to ask"


def _told(outcome: Outcome, path: Path) -> str:
    said = f"rows: {outcome.rows} ({outcome.errors} errors)\n"
    if outcome.unshortened:
        said += f"answers not cut down to a phrase: {outcome.unshortened}; run it again for these\n"
    if outcome.stopped:
        said += f"stopped after {outcome.stopped}; {outcome.waiting} rows are still to be made: "
        said += "run it again for the rest.\n"
    return said + f"churon eval show {path}\n"
