"""DOCX through python-docx, and through its elements where it sees direct children alone.

Content controls, tracked insertions, links and text boxes wrap paragraphs, runs, rows and cells:
what they hold is on the page. What was deleted or moved away is not. Footnotes and endnotes follow
the paragraph or table that refers to them.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from churon.tools.ingest.extracted import Extracted, TextBuilder, one_line
from churon.tools.settings import IngestSettings

_HEADING = re.compile(r"heading (\d)$", re.IGNORECASE)
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_PARAGRAPH, _TABLE, _ROW, _CELL, _BOX = (_W + n for n in ("p", "tbl", "tr", "tc", "txbxContent"))
_UNSEEN = frozenset(_W + name for name in ("del", "moveFrom", "pPr", "rPr", "rt"))
_REFERENCES = {_W + f"{kind}Reference": f"/{kind}s" for kind in ("footnote", "endnote")}
"""How text refers to notes, and what the relation to their part ends with."""
_SIGNS = {_W + "t": "", _W + "noBreakHyphen": "-"}
_SIGNS |= dict.fromkeys((_W + "tab", _W + "ptab"), "\t")
_SIGNS |= dict.fromkeys((_W + "br", _W + "cr"), "\n")


def read_docx(path: Path, settings: IngestSettings) -> Extracted:
    """Paragraphs and tables in order; the built-in heading styles are headings."""
    import docx

    document = docx.Document(str(path))
    builder = TextBuilder(settings.max_chars)
    _add_blocks(builder, document, document.element.body, _notes(document))
    return builder.build(document.core_properties.title or "")


def _nearest(element: Any, tags: Container[str]) -> Iterator[Any]:
    """Elements of these tags in order, none of them inside another."""
    for child in element:
        if child.tag in tags:
            yield child
        elif child.tag == _ALTERNATIVES:  # one text box, drawn for newer and for older programs
            yield from _nearest(child[:1], tags)
        elif child.tag not in _UNSEEN:
            yield from _nearest(child, tags)


Notes = dict[tuple[str, str], str]
"""By the tag that refers to one and its id; each is taken once."""


def _notes(document: Any) -> Notes:
    from docx.oxml import parse_xml

    notes: Notes = {}
    for relation in document.part.rels.values():
        for tag, end in _REFERENCES.items():
            if not relation.is_external and relation.reltype.endswith(end):
                for note in parse_xml(relation.target_part.blob):
                    notes[tag, note.get(_W + "id")] = _line(note, [])
    return notes


def _add_blocks(builder: TextBuilder, document: Any, parent: Any, notes: Notes) -> None:
    for block in _nearest(parent, (_PARAGRAPH, _TABLE)):
        if block.tag == _TABLE:
            _add_table(builder, block)
            builder.gap()
        else:
            _add_paragraph(builder, document, block, notes)
        for reference in block.iter(*_REFERENCES):
            builder.add(notes.pop((reference.tag, reference.get(_W + "id")), ""), "\n\n")


def _add_paragraph(builder: TextBuilder, document: Any, block: Any, notes: Notes) -> None:
    text, boxes = _words(block)
    if level := _level(block, document):
        builder.heading(text, level)
    else:
        builder.add(text, "\n\n")
    for box in boxes:
        _add_blocks(builder, document, box, notes)


def _words(paragraph: Any) -> tuple[str, list[Any]]:
    """A paragraph's text, and the text boxes that are anchored in it."""
    parts, boxes = [], []
    for node in _nearest(paragraph, (*_SIGNS, _BOX)):
        if node.tag == _BOX:
            boxes.append(node)
        else:
            parts.append(_SIGNS[node.tag] or node.text or "")
    return "".join(parts), boxes


def _level(element: Any, document: Any) -> int:
    from docx.text.paragraph import Paragraph

    style = Paragraph(element, document).style
    name = (style.name or "") if style is not None else ""
    heading = _HEADING.match(name)
    if heading:
        return int(heading.group(1)) or 1
    return 1 if name == "Title" else 0


def _add_table(builder: TextBuilder, table: Any) -> None:
    """A line a row; tables inside a row's cells follow it."""
    above: dict[int, str] = {}
    for row in _nearest(table, (_ROW,)):
        inner: list[Any] = []
        cells = list(_cells(row, above, inner))
        if any(cells):
            builder.add(" | ".join(cells))
        for nested in inner:
            _add_table(builder, nested)


def _cells(row: Any, above: dict[int, str], inner: list[Any]) -> Iterator[str]:
    """Texts of the row's cells; one merged with the cell above it says the same."""
    column = row.grid_before
    for cell in _nearest(row, (_CELL,)):
        if cell.vMerge != "continue":
            above[column] = _line(cell, inner)
        yield above.get(column, "")
        column += cell.grid_span


def _line(parent: Any, inner: list[Any]) -> str:
    """The paragraphs of a cell, and of text boxes in it, as one line; its tables go to `inner`."""
    parts = []
    for block in _nearest(parent, (_PARAGRAPH, _TABLE)):
        if block.tag == _TABLE:
            inner.append(block)
        else:
            text, boxes = _words(block)
            parts += [text, *(_line(box, inner) for box in boxes)]
    return one_line(" ".join(parts))
