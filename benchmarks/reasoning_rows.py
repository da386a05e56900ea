"""WORK/rows.jsonl: one row a question and graph, appended as it is done; see reasoning.py."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

Row = dict[str, Any]
Key = tuple[str, ...]


def setup(row: Row) -> Key:
    """What an answer depends on besides question and graph."""
    overrides = json.dumps(row["overrides"], sort_keys=True)
    return (row["model"], row["prompts"], str(row["seed"]), overrides)


def key(row: Row) -> Key:
    """Two rows of one key answer the same question under the same conditions."""
    return (row["set"], row["id"], row["graph"], *setup(row))


def read(path: Path) -> tuple[list[Row], int]:
    """The rows, and how many lines were unreadable: a killed run leaves its last line torn."""
    rows: list[Row] = []
    torn = 0
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        try:
            row = json.loads(line)
        except ValueError:  # also bytes cut within a letter
            torn += 1
            continue
        rows.append(row)
    return rows, torn


def current(rows: Iterable[Row]) -> dict[Key, Row]:
    """The last row of each key; an answer is never replaced by a later error."""
    kept: dict[Key, Row] = {}
    for row in rows:
        old = kept.get(key(row))
        if old is None or "error" in old or "error" not in row:
            kept[key(row)] = row
    return kept


def done(rows: Iterable[Row]) -> set[Key]:
    """Keys that need not be asked again: errors are retried."""
    return {key(row) for row in rows if "error" not in row}


class Writer:
    """Appends rows, each whole on disk before the next question begins."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab+")
        if self._file.tell():
            self._file.seek(-1, 2)
            if self._file.read(1) != b"\n":
                self._file.write(b"\n")  # else the first new row would join the torn line

    def write(self, row: Row) -> None:
        text = json.dumps(row, ensure_ascii=False, default=str)
        # a model may write half a surrogate pair, which UTF-8 cannot hold
        self._file.write(text.encode("utf-8", "replace") + b"\n")
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
