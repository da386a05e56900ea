"""Rows of several files: checked, each case once a variant and set, in an order of their own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from churon.evals.rows import read
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
        whole = [row for row in found.rows if _whole(row)]
        torn, odd = torn + found.torn, odd + len(found.rows) - len(whole)
        held += whole
    rows = once(held)
    if not rows:
        names = ", ".join(map(str, paths))
        raise InputError(f"No whole row is in {names!r}.", remedy=_REMEDY)
    return Gathered(rows, torn, odd, len(held) - len(rows))


def once(rows: Iterable[Row]) -> list[Row]:
    """Of each set, case and variant the latest, an answer before an error; by set, variant as they
    first came.
    """
    kept: dict[Key, Row] = {}
    for row in rows:
        place = (row["provenance"]["set"], row["case"]["id"], row["variant"])
        if place not in kept or _worth(row) >= _worth(kept[place]):
            kept[place] = row
    return list(kept.values())


def _worth(row: Row) -> tuple[bool, str]:
    return "error" not in row, row["at"]


def _whole(row: Row) -> bool:
    try:
        _shape().validate_python(row)
        json.dumps(row, allow_nan=False)  # NaN is no JSON, and no number to average
    except (ValidationError, ValueError):
        return False
    graded = [one["relevance"] for one in row.get("read", []) if one["relevance"] is not None]
    return all(0 <= one <= 1 for one in graded)


@cache
def _shape() -> TypeAdapter[Any]:
    return TypeAdapter(Row)
