"""How far an evaluation is: a bar on a terminal, a line a row elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from churon.cli.common import visible
from churon.evals.run import OnStep, Step
from churon.evals.types import Row

Mark = Callable[[Row], str]
"""What a line says of a row beside its answer."""


@dataclass(frozen=True)
class Watch:
    """What is told on the way."""

    step: OnStep
    stocked: Callable[[int, int], None]
    """Passages of the corpus in the store, and all of them."""
    say: Callable[[str], None]
    """A line of its own."""


def took(row: Row) -> str:
    """Seconds of the run."""
    return f"{row.get('seconds', 0):.1f} s"


@contextmanager
def watched(total: int, mark: Mark = took) -> Iterator[Watch]:
    """The bar, closed at the end."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield Watch(partial(_line, mark), _stocked, say)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TextColumn("{task.fields[left]}"), console=console) as bar:
        yield _on(bar, total)


def _on(bar: Any, total: int) -> Watch:
    stock = bar.add_task("passages", total=None, left="", visible=False)
    task = bar.add_task("questions", total=total, left="")

    def step(done: Step) -> None:
        row = done.row
        description = visible(f"{row['variant']}: {row['case']['question']}")[:40]
        counted = {"completed": done.done, "total": done.total}
        bar.update(task, **counted, description=description, left=left(done.left))

    def stocked(held: int, wanted: int) -> None:
        bar.update(stock, completed=held, total=wanted, visible=True)

    def say(text: str) -> None:
        bar.console.print(visible(text), markup=False, highlight=False)

    return Watch(step, stocked, say)


def _line(mark: Mark, done: Step) -> None:
    row = done.row
    said = row.get("error") or f"{row['status']}: {row['answer']}"
    head = f"[{done.done}/{done.total}] {row['case']['id']} {row['variant']}"
    line = f"{head} {mark(row)}, {left(done.left)}: {' '.join(said.split())[:100]}"
    sys.stderr.write(visible(line) + "\n")
    sys.stderr.flush()


def _stocked(held: int, wanted: int) -> None:
    sys.stderr.write(f"passages: {held} of {wanted}\n")
    sys.stderr.flush()


def say(text: str) -> None:
    """A line beside the results; none for nothing to say."""
    if text:
        sys.stderr.write(visible(text) + "\n")
        sys.stderr.flush()


def left(seconds: float | None) -> str:
    """How long it will take, in the two largest units."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min left"
    return f"{minutes} min {rest:02} s left" if minutes else f"{rest} s left"
