"""A run's JSONL: one row a case and variant, appended as it is done; a killed run loses none."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, NotRequired, cast

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from churon.evals.types import Case, Row
from churon.tools.errors import InputError
from churon.tools.private import private_folder

Key = tuple[str, str, str]
"""Case id, question and variant: a question that was edited is another one."""


@dataclass(frozen=True)
class Rows:
    """What a file holds."""

    rows: list[Row]
    """Of each case and variant the latest; an answer is never replaced by a later error."""
    lines: int
    torn: int
    """Lines that cannot be read: a killed run leaves its last one so."""


def key(case: Case, variant: str) -> Key:
    """What there is one row of."""
    return case["id"], case["question"], variant


def set_of(row: Row) -> str:
    """The set that its question is of; "" in rows of older files."""
    return row.get("provenance", {}).get("set", "")


def read(path: Path) -> Rows:
    """The rows of a file, none where it is not there. Raises InputError for another file."""
    kept: dict[tuple[str, Key], Row] = {}
    lines = torn = 0
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        lines += 1
        row = _row(line)
        if row is None:
            torn += 1
            continue
        place = set_of(row), key(row["case"], row["variant"])
        if place not in kept or "error" in kept[place] or "error" not in row:
            kept[place] = row
    if lines > 1 and torn == lines:
        raise InputError(
            f"{str(path)!r} holds no row of an evaluation.",
            remedy="Name a file that `churon eval run` wrote, or one that is not there yet.",
        )
    return Rows(list(kept.values()), lines, torn)


def holds_rows(path: Path) -> bool:
    """Whether any of its lines is a row."""
    lines = path.read_bytes().splitlines() if path.is_file() else ()
    return any(_row(line) is not None for line in lines)


class _Asked(TypedDict):
    id: str
    question: str


class _Origin(TypedDict):
    set: NotRequired[str]


class _Least(TypedDict):
    """What tells rows apart and puts them in order; for figures it takes a whole one."""

    case: _Asked
    variant: str
    variants: NotRequired[list[str]]
    provenance: NotRequired[_Origin]


def _row(line: bytes) -> Row | None:
    try:
        value: Any = json.loads(line)
        _shape(_Least).validate_python(value)
    except (ValueError, RecursionError):  # also bytes cut within a letter
        return None
    return cast(Row, value)


def whole(row: Row) -> bool:
    """The row has all that figures are worked out from, and no number that is none."""
    try:
        _shape(Row).validate_python(row)
        json.dumps(row, allow_nan=False)  # NaN is no JSON, and no number to average
    except (ValueError, RecursionError):  # a ValidationError is a ValueError
        return False
    shares = [one["relevance"] for one in row.get("read", [])]
    shares += [row["judge"]["correct"]] if "judge" in row else []
    held = [one for one in shares if one is not None]
    return all(isinstance(one, int | float) and 0 <= one <= 1 for one in held)


@cache
def _shape(of: type) -> TypeAdapter[Any]:
    return TypeAdapter(of)


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Variant by variant, as they were named; those of older files, which hold no such names, as
    they first came.
    """
    held = list(rows)
    names = (name for row in held for name in (*row.get("variants", ()), row["variant"]))
    order = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return sorted(held, key=lambda row: order[row["variant"]])


def as_line(row: Row) -> bytes:
    """The row as a line of its file."""
    text = json.dumps(row, ensure_ascii=False, default=str)
    # a model may write half a surrogate pair, which UTF-8 cannot hold
    return text.encode("utf-8", "replace") + b"\n"


class Writer:
    """Appends rows, each whole on disk before the next question begins."""

    def __init__(self, path: Path) -> None:
        private_folder(path.parent)
        self._file = path.open("ab+")
        if self._file.tell():
            self._file.seek(-1, 2)
            if self._file.read(1) != b"\n":
                self._file.write(b"\n")  # else the first new row would join the torn line

    def write(self, row: Row) -> None:
        """Append one row."""
        self._file.write(as_line(row))
        self._file.flush()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def failed(rows: Iterable[Row]) -> int:
    """How many rows are errors."""
    return sum("error" in row for row in rows)
