"""`churon eval judge`: the model in force says of each answer whether it is right."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from churon.cli.common import visible
from churon.cli.evals.progress import say, watched
from churon.cli.evals.run import alone
from churon.evals.bench import MakeToolkit
from churon.evals.judge.agreement import agreement
from churon.evals.judge.asking import By, Judge
from churon.evals.judge.judging import Judging
from churon.evals.judge.plan import Plan, planned
from churon.evals.judge.prompts import PROMPTS
from churon.evals.metrics.judged import judged_of
from churon.evals.metrics.outcome import answered
from churon.evals.provenance import model_of
from churon.evals.renewed import rewrite
from churon.evals.rows import Writer, read, whole
from churon.evals.types import Row
from churon.tools.errors import InputError
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit


async def run(settings: Settings, path: Path, at_once: int, make: MakeToolkit = Toolkit) -> int:
    """Exit status 0 when all answers have a verdict, 1 when some have none.

    Raises InputError for a file without rows, ModelError for a model that fails: what was judged
    until then is kept.
    """
    _check(path)
    with alone(path, remedy="Wait for it."):
        held = read(path).rows
        by = By(model_of(settings), PROMPTS.content_hash())
        plan = planned(held, by)
        say(f"{path}: {len(held)} rows; {'; '.join(_planned(plan, by))}")
        silent = await _judged(settings, path, plan, by, at_once, make)
        rows = [row for row in read(path).rows if whole(row)]
    sys.stdout.write(visible("\n".join(_told(rows, silent, path))) + "\n")
    return 1 if silent else 0


def _check(path: Path) -> None:
    """Before a lock is made beside it: that rows are there."""
    if not path.is_file() or not path.stat().st_size:
        missing = "holds no row" if path.is_file() else "is not there"
        raise InputError(f"{str(path)!r} {missing}.", remedy="Make rows: churon eval run SET.")


async def _judged(
    settings: Settings, path: Path, plan: Plan, by: By, at_once: int, make: MakeToolkit
) -> int:
    """Answers without a verdict. Rows are added as they are judged, and take their places last."""
    if not plan.ask and not plan.unanswered:
        return 0
    try:
        with Writer(path) as writer, watched(len(plan.ask), _verdict) as watch:
            judging = Judging(by, writer, at_once, watch.step)
            judging.unanswered(plan.unanswered)
            if plan.ask:
                async with make(settings) as toolkit:
                    port = await toolkit.chat(settings.context.model)
                    judge = Judge(port, await toolkit.critic(port))
                    await judging.all(judge, plan.ask)
    finally:
        rewrite(path, read(path).rows)
    return judging.silent


def _verdict(row: Row) -> str:
    correct = row["judge"]["correct"]
    return "no verdict" if correct is None else f"P(correct) {correct:.2f}"


def _planned(plan: Plan, by: By) -> Iterator[str]:
    yield f"{len(plan.ask)} answers to judge by {by.model}"
    if plan.done:
        yield f"{plan.done} rows are judged already"
    for name, count in plan.others.items():
        yield f"{count} that {name} judged are judged anew"
    if plan.free:
        yield f"{plan.free} have no accepted answer to judge by"
    if plan.odd:
        yield f"{plan.odd} are not whole"
    if plan.own:
        yield f"{by.model} wrote {plan.own} of the answers itself, and models favour their own"


def _told(rows: Sequence[Row], silent: int, path: Path) -> Iterator[str]:
    verdicts = [one for row in rows if answered(row) and (one := judged_of(row)) is not None]
    yield f"judged correct: {verdicts.count(1.0)} of {len(verdicts)} answers"
    if silent:
        yield f"without a verdict: {silent} (run it again, or name another model)"
    yield from _agreement(rows, "exact match agrees on")
    languages = dict.fromkeys(row["case"]["language"] for row in rows if verdicts)
    for language in languages if len(languages) > 1 else ():
        mine = [row for row in rows if row["case"]["language"] == language]
        yield from _agreement(mine, f"  {language}")
    yield f"churon eval report {path}"


def _agreement(rows: Sequence[Row], head: str) -> Iterator[str]:
    found = agreement(rows)
    if not found.n:
        return
    alike = found.n - found.judge_only - found.match_only
    kappa = "" if found.kappa is None else f", Cohen's kappa {found.kappa:.2f}"
    said = f"{head}: {alike} of {found.n} ({found.share:.0%}){kappa}"
    apart = f"correct without it {found.judge_only}, wrong with it {found.match_only}"
    yield f"{said}; {apart}"
