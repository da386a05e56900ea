"""CSV through langchain-community's loader, XLSX through openpyxl: each row carries its header.

A row becomes lines `column: value`, rows are parted by a blank line, so that a chunk of any part
of a table can be understood alone.
"""

from __future__ import annotations

import csv
import itertools
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from churon.tools.errors import IngestError
from churon.tools.ingest.encoding import decode, detect
from churon.tools.ingest.extracted import Extracted, TextBuilder, one_line
from churon.tools.settings import IngestSettings

_MAX_EMPTY_ROWS = 1_000  # sheets may declare a million rows and fill ten


def read_csv(path: Path, settings: IngestSettings) -> Extracted:
    """Rows as `column: value` lines; delimiter and encoding are detected."""
    with warnings.catch_warnings():
        # langchain-community announces its sunset on import; the version is pinned
        warnings.simplefilter("ignore", DeprecationWarning)
        from langchain_community.document_loaders.csv_loader import CSVLoader

    data = path.read_bytes()
    text = decode(data)
    csv.field_size_limit(settings.max_chars)
    loader = CSVLoader(
        path,
        encoding=detect(data),
        csv_args={"delimiter": _delimiter(text), "restkey": "more", "restval": ""},
    )
    builder = TextBuilder(settings.max_chars)
    try:
        for row in loader.lazy_load():
            builder.add(row.page_content, "\n\n")
    except RuntimeError as error:  # what the loader makes of any failure
        raise IngestError(f"The table cannot be read: {error.__cause__ or error}.") from error
    if not builder.length:
        builder.add(text)  # a header alone
    return builder.build(table=True)


def _delimiter(text: str) -> str:
    head = "\n".join(text.splitlines()[:1])
    return max(",;\t|", key=head.count)


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
    if header is None:
        return
    builder.heading(name, 1)
    first = next(rows, None)
    if first is None:
        builder.add(" | ".join(filter(None, header)), "\n\n")
        return
    for row in itertools.chain([first], rows):
        cells = itertools.zip_longest(header, row, fillvalue="")
        builder.add("\n".join(f"{k}: {v}" if k else v for k, v in cells if v), "\n\n")
