"""What a reader makes of a file: one normalised text with its headings and pages.

Every offset counts characters of `Extracted.text`, which is NFC with `\\n` line ends, so that a
chunk's span can be shown, searched and quoted without the file.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from churon.tools.errors import IngestError

_LINE_ENDS = re.compile(r"\r\n?|\f|\v|\x1c|\x1d|\x1e|\x85|\u2028|\u2029")
# Control characters, pdfium's mark of a hyphenated line end, BOMs and lone surrogates say nothing
_NOISE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufeff\ufffe\uffff\ud800-\udfff]")
# Titles that programs write when authors give none
_TOOL_TITLE = re.compile(
    r"^(?:microsoft (?:word|powerpoint) - "
    r"|(?:untitled|제목 없음|powerpoint (?:presentation|프레젠테이션))$)",
    re.IGNORECASE,
)
_LONGEST_NAME = 200
_SPACES = re.compile(r"\s+")


def normalise(text: str) -> str:
    """NFC, `\\n` line ends, no control characters, no lone surrogates."""
    return unicodedata.normalize("NFC", _NOISE.sub("", _LINE_ENDS.sub("\n", text)))


def one_line(text: str) -> str:
    """The text normalised, with each run of white space as one space."""
    return _SPACES.sub(" ", normalise(text)).strip()


def as_name(text: str) -> str:
    """A title or heading, cut where it is too long for a name: it is stored with every passage."""
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1].rstrip() + "…"


@dataclass(frozen=True)
class Heading:
    """A heading that begins at `start`; level 1 is the highest."""

    start: int
    level: int
    text: str


@dataclass(frozen=True)
class Extracted:
    """One document as text."""

    text: str
    title: str = ""
    headings: tuple[Heading, ...] = ()
    """Sorted by `start`."""
    pages: tuple[int, ...] = ()
    """First character of each page; empty where the format has no pages."""
    table: bool = False
    """Rows parted by blank lines: a chunk then repeats nothing of the one before."""


@dataclass
class TextBuilder:
    """Collects fragments in order and knows where headings and pages begin."""

    max_chars: int
    parts: list[str] = field(default_factory=list)
    length: int = 0
    headings: list[Heading] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)

    def add(self, fragment: str, end: str = "\n") -> None:
        """Append a fragment; an empty one adds nothing. Raises IngestError above `max_chars`."""
        fragment = normalise(fragment).strip("\n")
        if not fragment.strip():
            return
        self.parts += (fragment, end)
        self.length += len(fragment) + len(end)
        check_chars(self.length, self.max_chars)

    def gap(self) -> None:
        """End the paragraph with a blank line, where it does not end so already."""
        if self.parts and self.parts[-1] == "\n":
            self.parts[-1] = "\n\n"
            self.length += 1

    def heading(self, text: str, level: int) -> None:
        """Append a heading on its own line."""
        text = one_line(text)
        if text:
            self.headings.append(Heading(self.length, level, text))
            self.add(text, "\n\n")

    def page(self) -> None:
        """Begin the next page here."""
        self.pages.append(self.length)

    def build(self, title: str = "", *, table: bool = False) -> Extracted:
        """The finished document; the title falls back to its first heading."""
        first = self.headings[0].text if self.headings else ""
        named = _TOOL_TITLE.sub("", one_line(title))
        return Extracted(
            "".join(self.parts),
            named or first,
            tuple(self.headings),
            tuple(self.pages),
            table,
        )


def check_chars(length: int, max_chars: int) -> None:
    """Raise IngestError when a document has more text than allowed."""
    if length > max_chars:
        raise IngestError(
            f"The document has more than {max_chars} characters of text.",
            remedy="Split it, or raise ingest.max_chars.",
        )
