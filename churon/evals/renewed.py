"""Rows of a set that was edited since: what is right follows the set, what was asked does not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from churon.evals.rows import Rows, as_line, key, read, set_of
from churon.evals.types import Case, Row
from churon.tools.errors import InputError
from churon.tools.whole import write_whole

_ASKED = ("question", "language", "filter")
"""What graphs see of a case; the rest is for scoring alone."""


@dataclass(frozen=True)
class Renewal:
    """A file's rows in line with their set; nothing is written before `write`."""

    path: Path
    rows: Rows
    stay: list[Row]
    """Withdrawn before, and not asked for."""
    gone: list[Row]
    """Of questions that the set no longer asks, or asks otherwise."""
    back: list[Row]
    """Withdrawn before and asked for again; among `rows`."""
    edited: int = 0
    """Rows that got new answers, evidence or tags of their question."""
    double: int = 0
    """Rows aside that a kill left in both places."""

    @property
    def withdrawn(self) -> list[Row]:
        """All that is to be aside."""
        return [*self.stay, *self.gone]

    @property
    def aside(self) -> Path:
        """Where withdrawn rows are."""
        return aside(self.path)

    def write(self) -> None:
        """First all that could be lost, aside: a kill at any moment leaves each row somewhere."""
        if not (self.edited or self.gone or self.back or self.double):
            return
        rewrite(self.aside, [*_read(self.aside), *self.withdrawn])
        rewrite(self.path, self.rows.rows)
        rewrite(self.aside, self.withdrawn)

    def __str__(self) -> str:
        said = []
        if self.edited:
            said.append(f"{self.edited} rows follow the answers and sources as they are now")
        if self.gone:
            said.append(f"{len(self.gone)} rows of questions no longer asked go to {self.aside}")
        if self.back:
            said.append(f"{len(self.back)} rows come back from {self.aside}")
        return "; ".join(said)


def renewed(path: Path, held: Rows, cases: Sequence[Case], set_: str) -> Renewal:
    """The file's rows in line with `cases`, all of the set; rows of other sets stay as they are.

    Raises InputError where the rows of this set's name share no question's id with it.
    """
    by_id = {case["id"]: case for case in cases}
    kept: list[Row] = []
    gone: list[Row] = []
    edited = 0
    for row in held.rows:
        case = by_id.get(row["case"]["id"])
        if set_of(row) != set_ or case == row["case"]:
            kept.append(row)
        elif case is None or _asked(case) != _asked(row["case"]):
            gone.append(row)
        else:
            edited += 1
            kept.append(cast(Row, {**row, "case": case}))
    strange = not any(row["case"]["id"] in by_id for row in gone)
    if gone and strange and not any(set_of(row) == set_ for row in kept):
        raise InputError(
            f"{str(path)!r} holds rows of other questions under the name {set_!r}.",
            remedy="Write to another file with --output.",
        )
    there = {key(row["case"], row["variant"]) for row in kept}
    aside_ = _read(aside(path))
    single = [row for row in aside_ if key(row["case"], row["variant"]) not in there]
    back, away = _sorted(single, by_id, set_)
    rows = replace(held, rows=[*kept, *back])
    double = len(aside_) - len(single)
    return Renewal(path, rows, away, gone, back, edited, double)


def _sorted(
    withdrawn: Sequence[Row], by_id: dict[str, Case], set_: str
) -> tuple[list[Row], list[Row]]:
    """Withdrawn rows that are asked for again, with the case as it is now, and the others."""
    back: list[Row] = []
    away: list[Row] = []
    for row in withdrawn:
        case = by_id.get(row["case"]["id"])
        asked = case is not None and _asked(case) == _asked(row["case"]) and set_of(row) == set_
        if asked and case is not None:
            back.append(cast(Row, {**row, "case": case}))
        else:
            away.append(row)
    return back, away


def aside(path: Path) -> Path:
    """Not named like rows: no report over all of a folder's rows reads it."""
    return path.with_name(f"{path.name}.withdrawn")


def rewrite(path: Path, rows: Sequence[Row]) -> None:
    """These rows in the place of the file's, all of them or none; no file for no rows."""
    if not rows:
        path.unlink(missing_ok=True)
        return
    write_whole(path, b"".join(map(as_line, rows)))


def _read(path: Path) -> list[Row]:
    return read(path).rows


def _asked(case: Case) -> str:
    held = cast("dict[str, Any]", case)
    return json.dumps([held.get(name) for name in _ASKED], sort_keys=True)
