"""Rows of several files: checked, each case once a variant and set, in an order of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from churon.evals.rows import in_order, read, whole
from churon.evals.types import Row
from churon.tools.errors import InputError

Key = tuple[str, str, str]
_REMEDY = "Make rows with `churon eval run SET`."


@dataclass(frozen=True)
class Gathered:
    """What there is to report on."""

    rows: list[Row]
    torn: int = 0
    """Lines that cannot be read."""
    odd: int = 0
    """Rows that are not whole."""
    older: int = 0
    """Rows left out for a later one of the same set, case and variant."""


def gather(paths: Sequence[Path]) -> Gathered:
    """Raises InputError where a file is not there or no row is left."""
    held: list[Row] = []
    torn = odd = 0
    for path in paths:
        if not path.is_file():
            raise InputError(
                f"There is no file {str(path)!r}.", remedy="Run `churon eval run SET`."
            )
        found = read(path)
        fine = [row for row in found.rows if whole(row)]
        torn, odd = torn + found.torn, odd + len(found.rows) - len(fine)
        held += fine
    rows = in_order(once(held))
    if not rows:
        names = ", ".join(map(str, paths))
        raise InputError(f"No whole row is in {names!r}.", remedy=_REMEDY)
    return Gathered(rows, torn, odd, len(held) - len(rows))


def once(rows: Iterable[Row]) -> list[Row]:
    """Of each set, case and variant the latest, an answer before an error."""
    kept: dict[Key, Row] = {}
    for row in rows:
        place = (row["provenance"]["set"], row["case"]["id"], row["variant"])
        if place not in kept or _worth(row) >= _worth(kept[place]):
            kept[place] = row
    return list(kept.values())


def _worth(row: Row) -> tuple[bool, str]:
    return "error" not in row, row["at"]
