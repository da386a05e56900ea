"""PDF through langchain-community's pypdfium2 parser: text page by page."""

from __future__ import annotations

import warnings
from pathlib import Path

from churon.tools.errors import IngestError
from churon.tools.ingest.extracted import Extracted, TextBuilder
from churon.tools.settings import IngestSettings


def read_pdf(path: Path, settings: IngestSettings) -> Extracted:
    """The text layer, with page starts. Raises IngestError: encrypted, damaged, or scanned."""
    import pypdfium2

    builder, title = TextBuilder(settings.max_chars), ""
    try:
        _check_pages(path, settings)
        for page in _pages(path):
            builder.page()
            builder.add(page.page_content, "\n\n")
            title = title or str(page.metadata.get("title", ""))
    except pypdfium2.PdfiumError as error:
        raise _refusal(error) from error
    if not builder.length:
        raise _without_text(path)
    return builder.build(title)


def _pages(path: Path):  # type: ignore[no-untyped-def]  # langchain-community is untyped
    from langchain_core.documents.base import Blob

    with warnings.catch_warnings():
        # langchain-community announces its sunset on import; the version is pinned
        warnings.simplefilter("ignore", DeprecationWarning)
        from langchain_community.document_loaders.parsers.pdf import PyPDFium2Parser
    return PyPDFium2Parser(mode="page").lazy_parse(Blob.from_path(path))


def _check_pages(path: Path, settings: IngestSettings) -> None:
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        if len(document) > settings.max_pages:
            raise IngestError(
                f"The PDF has {len(document)} pages, more than {settings.max_pages}.",
                remedy="Split it, or raise ingest.max_pages.",
            )


def _without_text(path: Path) -> IngestError:
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        drawn = any(next(iter(page.get_objects(max_depth=1)), None) for page in document)
    if drawn:
        return IngestError(
            "The PDF has no text layer: it is scanned.", remedy="Run OCR on it first (ocrmypdf)."
        )
    return IngestError("The PDF has no content.", outcome="skipped")


def _refusal(error: Exception) -> IngestError:
    if "password" in str(error).lower():
        return IngestError("The PDF is encrypted.", remedy="Save it without a password.")
    return IngestError(f"The PDF is damaged: {error}", remedy="Open and save it anew.")
