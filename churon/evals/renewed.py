"""Rows of a set that was edited since: what is right follows the set, what was asked does not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from churon.evals.rows import Rows, Writer
from churon.evals.types import Case, Row

_ASKED = ("question", "language", "filter")
"""What graphs see of a case; the rest is for scoring alone."""


@dataclass(frozen=True)
class Renewal:
    """What became of a file's rows."""

    rows: Rows
    edited: int = 0
    """Rows that got new answers, evidence or tags of their question."""
    moved: int = 0
    """Rows of questions that the set no longer asks."""
    to: Path | None = None
    """Where those are now."""


def renewed(path: Path, held: Rows, cases: Sequence[Case], set_: str) -> Renewal:
    """Brings the file in line with `cases`, all of the set; rows of other sets stay as they are.

    Rows of a question that was withdrawn, or is asked otherwise now, go to a file beside it, so
    that no figure counts them and no work is lost.
    """
    by_id = {case["id"]: case for case in cases}
    kept: list[Row] = []
    gone: list[Row] = []
    edited = 0
    for row in held.rows:
        case = by_id.get(row["case"]["id"])
        if row.get("provenance", {}).get("set") != set_ or case == row["case"]:
            kept.append(row)
        elif case is None or _asked(case) != _asked(row["case"]):
            gone.append(row)
        else:
            edited += 1
            kept.append(cast(Row, {**row, "case": case}))
    if not edited and not gone:
        return Renewal(held)
    to = path.with_name(f"{path.stem}.withdrawn{path.suffix}") if gone else None
    if to is not None:
        with Writer(to) as writer:
            for row in gone:
                writer.write(row)
    rewrite(path, kept)
    return Renewal(replace(held, rows=kept), edited, len(gone), to)


def rewrite(path: Path, rows: Sequence[Row]) -> None:
    """These rows in the place of the file's, all of them or none."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with Writer(new) as writer:
        for row in rows:
            writer.write(row)
    new.replace(path)


def _asked(case: Case) -> str:
    held = cast("dict[str, Any]", case)
    return json.dumps([held.get(name) for name in _ASKED], sort_keys=True)
