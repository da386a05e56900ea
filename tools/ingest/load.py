"""One file to text: sniff, then the reader of its format."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from churon.tools.errors import IngestError
from churon.tools.ingest.extracted import Extracted, as_name
from churon.tools.ingest.sniff import sniff
from churon.tools.korean import spelt
from churon.tools.settings import IngestSettings

_READERS = {
    "markdown": "plain.read_markdown",
    "text": "plain.read_text",
    "html": "html.read_html",
    "pdf": "pdf.read_pdf",
    "docx": "word.read_docx",
    "pptx": "slides.read_pptx",
    "xlsx": "table.read_xlsx",
    "csv": "table.read_csv",
    "hwp": "hwp.read_hwp",
    "hwpx": "hwp.read_hwpx",
}


def load(path: Path, settings: IngestSettings) -> Extracted:
    """The document's text; its title falls back to the file's name, long titles and headings are
    cut. Raises IngestError.

    Blocking and unguarded: hostile files belong in `reader.Reader`'s child process.
    """
    kind = sniff(path, settings)
    module, function = _READERS[kind].split(".")
    read: Callable[[Path, IngestSettings], Extracted] = getattr(
        import_module(f"churon.tools.ingest.readers.{module}"), function
    )
    try:
        document = read(path, settings)
    except (IngestError, MemoryError):
        raise
    except Exception as error:  # parsers raise anything on hostile bytes; the file is what failed
        reason = f"{type(error).__name__}: {error}".rstrip(".: ")
        raise IngestError(
            f"The {kind} file cannot be read: {reason}.",
            remedy="It may be damaged: copy it again, or save it anew from its program.",
        ) from error
    if not any(map(str.isalnum, document.text)):
        raise IngestError("The document has no text.", outcome="skipped")
    title = document.title or spelt(os.fsencode(path.stem).decode("utf-8", "replace"))
    headings = tuple(replace(heading, text=as_name(heading.text)) for heading in document.headings)
    return replace(document, title=as_name(title), headings=headings)
