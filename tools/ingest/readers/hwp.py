"""Hangul Word Processor: HWPX (zipped XML) and HWP 5 (OLE container of tagged records).

HWP 5 follows Hancom's public "HWP Document File Formats 5.0": a section is a stream, mostly
raw-deflated, of records; HWPTAG_PARA_TEXT holds UTF-16LE with inline control characters.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from churon.tools.errors import IngestError
from churon.tools.ingest.extracted import Extracted, TextBuilder
from churon.tools.settings import IngestSettings

_PARA_TEXT = 67
_CHARS = frozenset({0, 10, 13, 24, 25, 26, 27, 28, 29, 30, 31})
"""Control characters of one unit; all others below 32 take eight units (section 4.2.3, table 6)."""
_SIGNS = {24: "-", 30: " ", 31: " "}
"""Hyphen, non-breaking space, space of fixed width; to HWPX they are elements (OWPML)."""
_ELEMENTS = {"tab": "\t", "lineBreak": "\n", "hyphen": "-", "nbSpace": " ", "fwSpace": " "}
_SECTION = re.compile(r"Contents/section(\d+)\.xml$")


def read_hwpx(path: Path, settings: IngestSettings) -> Extracted:
    """Paragraph texts of all sections in order."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    builder = TextBuilder(settings.max_chars)
    with zipfile.ZipFile(path) as archive:
        sections = sorted(
            (int(found.group(1)), name)
            for name in archive.namelist()
            if (found := _SECTION.match(name))
        )
        for _, name in sections:
            root = etree.fromstring(archive.read(name), parser)
            for paragraph in root.iter("{*}p"):
                runs = paragraph.iterfind("{*}run/{*}t")
                builder.add("".join(map(_run_text, runs)))
    return builder.build()


def _run_text(run: Any) -> str:
    from lxml import etree

    parts: list[str | None] = []
    for event, node in etree.iterwalk(run, events=("start", "end")):
        if event == "start":
            parts += (_ELEMENTS.get(etree.QName(node).localname), node.text)
        elif node is not run:
            parts.append(node.tail)
    return "".join(filter(None, parts))


def read_hwp(path: Path, settings: IngestSettings) -> Extracted:
    """Paragraph texts of all sections. Raises IngestError: encrypted, or olefile is absent."""
    try:
        import olefile
    except ImportError as error:
        raise IngestError(
            "HWP files need the package olefile.",
            outcome="unequipped",
            remedy="Run: pip install 'churon[hwp]'.",
        ) from error
    builder = TextBuilder(settings.max_chars)
    with olefile.OleFileIO(str(path)) as ole:
        if not ole.exists("FileHeader"):
            raise IngestError("The file is no HWP 5 document.", remedy="Save it anew as .hwpx.")
        flags = struct.unpack_from("<I", ole.openstream("FileHeader").read(), 36)[0]
        if flags & 0b110:  # bit 1: password, bit 2: distribution document
            raise IngestError(
                "The HWP document is encrypted.", remedy="Save it without a password."
            )
        number = 0
        while ole.exists(f"BodyText/Section{number}"):
            data = ole.openstream(f"BodyText/Section{number}").read()
            for text in _paragraphs(_inflate(data, settings) if flags & 1 else data):
                builder.add(text)
            number += 1
    return builder.build()


def _inflate(data: bytes, settings: IngestSettings) -> bytes:
    inflater = zlib.decompressobj(-15)
    unpacked = inflater.decompress(data, settings.max_unpacked_bytes)
    if inflater.unconsumed_tail:
        raise IngestError(
            f"The document expands beyond {settings.max_unpacked_bytes} bytes.",
            remedy="Limit: ingest.max_unpacked_bytes.",
        )
    return unpacked


def _paragraphs(data: bytes) -> Iterator[str]:
    offset = 0
    while offset + 4 <= len(data):
        (header,) = struct.unpack_from("<I", data, offset)
        offset += 4
        tag, size = header & 0x3FF, header >> 20
        if size == 0xFFF:
            (size,) = struct.unpack_from("<I", data, offset)
            offset += 4
        if tag == _PARA_TEXT:
            yield _para_text(data[offset : offset + size])
        offset += size


def _para_text(data: bytes) -> str:
    units = struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2])
    kept, index = [], 0
    while index < len(units):
        unit = units[index]
        if unit >= 32 or unit in (9, 10):
            kept.append(unit)
        elif unit in _SIGNS:
            kept.append(ord(_SIGNS[unit]))
        index += 1 if unit >= 32 or unit in _CHARS else 8
    return struct.pack(f"<{len(kept)}H", *kept).decode("utf-16-le", errors="replace")
