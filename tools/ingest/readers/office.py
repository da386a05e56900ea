"""DOCX through python-docx and PPTX through python-pptx."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from churon.tools.errors import IngestError
from churon.tools.ingest.extracted import Extracted, TextBuilder, one_line
from churon.tools.settings import IngestSettings

_HEADING = re.compile(r"heading (\d)$", re.I)


def read_docx(path: Path, settings: IngestSettings) -> Extracted:
    """Paragraphs and tables in order; the built-in heading styles are headings."""
    import docx
    from docx.table import Table

    document = docx.Document(str(path))
    builder = TextBuilder(settings.max_chars)
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            _add_table(builder, block)
        elif level := _level(block):
            builder.heading(block.text, level)
        else:
            builder.add(block.text, "\n\n")
    return builder.build(document.core_properties.title or "")


def _level(paragraph: Any) -> int:
    name = (paragraph.style.name or "") if paragraph.style is not None else ""
    heading = _HEADING.match(name)
    if heading:
        return int(heading.group(1)) or 1
    return 1 if name == "Title" else 0


def _add_table(builder: TextBuilder, table: Any) -> None:
    for row in table.rows:
        cells: list[str] = []
        for cell in row.cells:
            text = one_line(cell.text)
            if not cells or cells[-1] != text:  # a merged cell is given once a column
                cells.append(text)
        builder.add(" | ".join(cells))
    builder.gap()


def read_pptx(path: Path, settings: IngestSettings) -> Extracted:
    """Each slide is a page with its title as heading, then shapes, tables and speaker notes."""
    from pptx import Presentation

    presentation = Presentation(str(path))
    builder = TextBuilder(settings.max_chars)
    if len(presentation.slides) > settings.max_pages:
        raise IngestError(
            f"The presentation has {len(presentation.slides)} slides, "
            f"more than {settings.max_pages}.",
            remedy="Split it, or raise ingest.max_pages.",
        )
    for slide in presentation.slides:
        builder.page()
        for text, heading in _shapes(slide):
            if heading:
                builder.heading(text, 1)
            else:
                builder.add(text, "\n\n")
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame:
            builder.add(slide.notes_slide.notes_text_frame.text, "\n\n")
    return builder.build(presentation.core_properties.title or "")


def _shapes(slide: Any) -> Iterator[tuple[str, bool]]:
    try:
        title = slide.shapes.title
    except (KeyError, ValueError, AttributeError):  # a broken placeholder; the rest is kept
        title = None
    if title is not None:
        yield title.text_frame.text, True
    stack = list(reversed(list(slide.shapes)))
    while stack:
        shape = stack.pop()
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if hasattr(shape, "shapes"):
            stack.extend(reversed(list(shape.shapes)))
        else:
            yield _shape_text(shape), False


def _shape_text(shape: Any) -> str:
    try:
        if getattr(shape, "has_table", False):
            rows = shape.table.rows
            return "\n".join(" | ".join(one_line(c.text) for c in row.cells) for row in rows)
        return str(shape.text_frame.text) if shape.has_text_frame else ""
    except (KeyError, ValueError, AttributeError):  # one malformed shape must not lose the deck
        return ""
