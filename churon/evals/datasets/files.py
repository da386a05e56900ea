"""Bytes of a set's file to records, in any encoding that documents may have."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from churon.evals.datasets.fields import Fields, kind, refused
from churon.evals.datasets.texts import sound
from churon.tools.errors import IngestError, InputError
from churon.tools.ingest.encoding import decode
from churon.tools.korean import spelt

_MOST_CELL = 10_000_000
_FORMULA = ("=", "+", "-", "@")
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def text_of(path: Path) -> str:
    """The file's text without a byte order mark: UTF-8, CP949 and others. Raises InputError."""
    try:
        return decode(path.read_bytes()).removeprefix("\ufeff")
    except FileNotFoundError as error:
        raise InputError(f"There is no file {str(path)!r}.", remedy="Check the path.") from error
    except OSError as error:
        raise InputError(
            f"{str(path)!r} cannot be read: {error.strerror}.", remedy="Check its permissions."
        ) from error
    except IngestError as error:
        raise InputError(f"{str(path)!r}: {error.message}", remedy=error.remedy) from error


def whole(path: Path) -> Any:
    """A file that is one JSON value. Raises InputError with the line of its first mistake."""
    try:
        return _value(text_of(path))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise refused(path, place, f"this is not JSON ({error.msg})", "Mend that line.") from error


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except RecursionError:
        raise json.JSONDecodeError("nested too deeply", text, 0) from None
    return sound(value) if _HALF.search(text) else value  # few files need the walk


def lines(path: Path) -> Iterator[Fields]:
    """The records of a JSON-lines file; empty lines are passed over."""
    for number, line in enumerate(text_of(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = _value(line)
        except json.JSONDecodeError as error:
            raise refused(
                path,
                f"line {number}",
                f"this is not JSON ({error.msg})",
                "Mend or remove that line; each must be one JSON object.",
            ) from error
        if not isinstance(value, dict):
            raise refused(
                path, f"line {number}", f"there is {kind(value)}", "Write one JSON object a line."
            )
        yield Fields(path, f"line {number}", value)


def cells(path: Path) -> Iterator[Fields]:
    """The rows of a CSV file by its header, in lower case; the delimiter is detected."""
    text = text_of(path)
    csv.field_size_limit(_MOST_CELL)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)
    header: list[str] = []
    begins = 1
    try:
        for row in rows:
            place, begins = f"line {begins}", rows.line_num + 1
            if not header:
                header = _names(row)
            elif any(cell.strip() for cell in row):
                yield Fields(path, place, _named(path, place, header, row))
    except csv.Error as error:
        raise refused(
            path, f"line {rows.line_num}", f"this is no CSV ({error})", "Check its quotes."
        ) from error


def header_of(text: str) -> list[str]:
    """The names of a CSV file's columns, as `cells` has them."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    return _names(next((row for row in rows if row), []))


def _names(row: list[str]) -> list[str]:
    return [spelt(name).strip().casefold() for name in row]


def delimiter_of(text: str) -> str:
    """What parts the cells of a CSV file, by its header."""
    return max(",;\t|", key=text.split("\n", 1)[0].count)


def _named(path: Path, place: str, header: list[str], row: list[str]) -> dict[str, str]:
    if len(row) > len(header):
        raise refused(
            path,
            place,
            f"there are {len(row)} cells under {len(header)} columns",
            "Put cells that hold the delimiter in double quotes.",
        )
    return dict(zip(header, map(_plain, row), strict=False))


def harmless(cell: str) -> str:
    """A cell that a spreadsheet does not run: text out of documents may begin like a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _plain(cell: str) -> str:
    """What `harmless` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def tsv(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The rows of a file with tabs and no quotes, with their places; a first one that ends in no
    number is its header.
    """
    for number, line in enumerate(text_of(path).splitlines(), 1):
        row = [cell.strip() for cell in line.split("\t")]
        header = number == 1 and not _number(row[-1])
        if line.strip() and not header:
            yield f"line {number}", row


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
