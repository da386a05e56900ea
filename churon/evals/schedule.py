"""In which order cases are asked, and what need not be asked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from churon.evals.metrics.outcome import unshortened
from churon.evals.rows import key
from churon.evals.types import Case, Row


@dataclass(frozen=True)
class Task:
    """A case, and the variants that have still to answer it."""

    case: Case
    variants: tuple[str, ...]


def schedule(
    cases: Sequence[Case], variants: Sequence[str], rows: Sequence[Row], *, keep_errors: bool
) -> list[Task]:
    """Case by case, so that a stop at any time leaves a comparison of whole cases.

    All variants of a case follow each other; who comes first rotates, as the model's prefix cache
    and the disk are warmer for the later ones. Errors are asked again unless they are kept; an
    answer that could not be shortened is due to be.
    """
    done = {
        key(row["case"], row["variant"])
        for row in rows
        if (keep_errors or "error" not in row) and not unshortened(row)
    }
    tasks = []
    for place, case in enumerate(cases):
        first = place % len(variants)
        rotated = (*variants[first:], *variants[:first])
        missing = tuple(name for name in rotated if key(case, name) not in done)
        if missing:
            tasks.append(Task(case, missing))
    return tasks


def pending(tasks: Sequence[Task]) -> int:
    """How many rows are to be made."""
    return sum(len(task.variants) for task in tasks)
