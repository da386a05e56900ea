"""CSV through the standard library, XLSX through openpyxl: each row carries its header.

A row becomes lines `column: value`, rows are parted by a blank line, so that a chunk of any part
of a table can be understood alone. Columns may share a name, or have none.
"""

from __future__ import annotations

import csv
import io
import itertools
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from churon.tools.ingest.encoding import decode
from churon.tools.ingest.extracted import Extracted, TextBuilder, one_line
from churon.tools.settings import IngestSettings

_SAMPLE_LINES = 10
_MAX_EMPTY_ROWS = 1_000  # sheets may declare a million rows and fill ten


def read_csv(path: Path, settings: IngestSettings) -> Extracted:
    """Rows as `column: value` lines; delimiter and encoding are detected."""
    text = decode(path.read_bytes())
    csv.field_size_limit(settings.max_chars)
    mark = "\t" if path.suffix.lower() == ".tsv" else _delimiter(text)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    stripped = ([cell.strip() for cell in row] for row in rows)
    builder = TextBuilder(settings.max_chars)
    _add_rows(builder, filter(any, stripped))
    return builder.build(table=True)


def _delimiter(text: str) -> str:
    """What parts every one of the first lines; of several, what the header has most of."""
    lines = list(itertools.islice(filter(str.strip, io.StringIO(text)), _SAMPLE_LINES))
    if not lines:
        return ","
    return max(
        ",;\t|", key=lambda mark: (all(mark in line for line in lines), lines[0].count(mark))
    )


def read_xlsx(path: Path, settings: IngestSettings) -> Extracted:
    """Every sheet under its name as heading. Raises IngestError for a damaged workbook."""
    import openpyxl

    builder = TextBuilder(settings.max_chars)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # styles and extensions that text lacks
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            for sheet in book.worksheets:
                sheet.reset_dimensions()  # the declared range may be far larger than the data
                _add_sheet(builder, sheet.title, _filled(sheet.iter_rows(values_only=True)))
        finally:
            book.close()
    return builder.build(str(book.properties.title or ""), table=True)


def _filled(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[str]]:
    empty = 0
    for row in rows:
        cells = ["" if cell is None else one_line(str(cell)) for cell in row]
        empty = 0 if any(cells) else empty + 1
        if empty > _MAX_EMPTY_ROWS:
            return
        if not empty:
            yield cells


def _add_sheet(builder: TextBuilder, name: str, rows: Iterator[list[str]]) -> None:
    header = next(rows, None)
    if header is not None:  # else the name would be all there is
        builder.heading(name, 1)
        _add_rows(builder, itertools.chain([header], rows))


def _add_rows(builder: TextBuilder, rows: Iterator[list[str]]) -> None:
    header, first = next(rows, []), next(rows, None)
    if first is None:
        builder.add(" | ".join(filter(None, header)), "\n\n")
        return
    for row in itertools.chain([first], rows):
        cells = itertools.zip_longest(header, row, fillvalue="")
        builder.add("\n".join(f"{k}: {v}" if k else v for k, v in cells if v), "\n\n")
