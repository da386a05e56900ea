"""PPTX through python-pptx."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from churon.tools.errors import IngestError
from churon.tools.ingest.extracted import Extracted, TextBuilder, one_line
from churon.tools.settings import IngestSettings


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
        if title is not None and shape._element is title._element:  # ids may be given twice
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
