"""Which format a file really has, and whether it is safe to unpack.

The first bytes outrank the name: a PDF named .txt is read as a PDF.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from churon.tools.errors import IngestError
from churon.tools.settings import IngestSettings

SUFFIXES = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".text": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".pptx": "pptx",
    ".xlsx": "xlsx",
    ".csv": "csv",
    ".tsv": "csv",
    ".hwp": "hwp",
    ".hwpx": "hwpx",
    ".zip": "zip",
}
_TEXTS = ("markdown", "text", "html", "csv")
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_PACKAGE = "[Content_Types].xml"
_PARTS = {"word": "docx", "ppt": "pptx", "xl": "xlsx"}
"""Where the parts of an Office package lie; the main one's name is up to its writer."""


def supported(path: Path) -> bool:
    """Whether the name's suffix is one that churon opens."""
    return path.suffix.lower() in SUFFIXES


def sniff(path: Path, settings: IngestSettings) -> str:
    """The file's format. Raises IngestError: empty, too large, a bomb, or not what it is named."""
    size = path.stat().st_size
    if size == 0:
        raise IngestError("The file is empty (0 bytes).", outcome="skipped")
    if size > settings.max_bytes:
        raise IngestError(
            f"The file has {size} bytes, more than {settings.max_bytes}.",
            remedy="Split it, or raise ingest.max_bytes.",
        )
    with path.open("rb") as file:
        head = file.read(1024)
    named = SUFFIXES.get(path.suffix.lower(), "unknown")
    # Readers find the mark behind other bytes too; a text may be about it
    if head.lstrip().startswith(b"%PDF-") or (b"%PDF-" in head and named not in _TEXTS):
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(path, settings)
    if head.startswith(_OLE):
        return _ole_kind(named)
    if named in _TEXTS:
        return named
    if named == "unknown":
        raise IngestError(f"Files named {path.suffix!r} are not read.", outcome="skipped")
    raise IngestError(
        f"The file is named {path.suffix} but its content is no {named}.",
        remedy="Name it after what it is, or copy it again if it is damaged.",
    )


def _ole_kind(named: str) -> str:
    if named == "hwp":
        return "hwp"
    # Office wraps encrypted documents in the container of its pre-2007 formats
    raise IngestError(
        "The file is encrypted, or in an Office format from before 2007.",
        remedy="Save it without a password as .docx, .pptx or .xlsx.",
    )


def _zip_kind(path: Path, settings: IngestSettings) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise IngestError(
            f"The file is a damaged archive: {error}.", remedy="Copy or download it again."
        ) from error
    _check_expansion(members, path.stat().st_size, settings)
    names = {member.filename for member in members}
    if "Contents/content.hpf" in names:
        return "hwpx"
    folders = {name.partition("/")[0] for name in names}
    for folder, kind in _PARTS.items():
        if _PACKAGE in names and folder in folders:
            return kind
    raise IngestError(
        "Archives are not read.", outcome="skipped", remedy="Unpack it and ingest the folder."
    )


def _check_expansion(members: list[zipfile.ZipInfo], packed: int, settings: IngestSettings) -> None:
    # What the directory declares is a bound: zipfile stops reading a member at its declared size
    unpacked = sum(member.file_size for member in members)
    ratio = unpacked / max(packed, 1)
    if unpacked > settings.max_unpacked_bytes or ratio > settings.max_unpacked_ratio:
        raise IngestError(
            f"The archive would expand to {unpacked} bytes, {ratio:.0f} times its size.",
            remedy="Limits: ingest.max_unpacked_bytes and ingest.max_unpacked_ratio.",
        )
