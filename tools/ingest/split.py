"""Documents to chunks whose text is exactly `text[start:end]`.

Cuts fall, in this order of preference, at pages and headings, around code fences, between
paragraphs, sentences, lines, clauses and words. langchain-text-splitters does the cutting inside a
section; with separators kept and nothing stripped its pieces add up to the section, so offsets are
sums, never searched for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from churon.tools.ingest.extracted import Extracted
from churon.tools.ingest.lengths import is_cjk, units
from churon.tools.ingest.readers.plain import fences
from churon.tools.settings import IngestSettings

_SEPARATORS = (
    r"\n(?:[ \t]*\n)+",
    r"(?<=[.!?。！？…])[\"'”’»)\]]*\s+",
    r"\n",
    r"[,;:，、；：]\s+",
    r"\s+",
    r"[\s\S]{16}",  # no boundary at all: hard cuts
    "",
)


@dataclass(frozen=True)
class Chunk:
    """One passage of a document."""

    start: int
    end: int
    text: str
    page: int
    """1-based; 0 where the format has no pages."""
    section: str
    """Headings above, outermost first, joined by " > "."""


@dataclass(frozen=True)
class _Section:
    start: int
    end: int
    page: int
    path: str
    limit: int


def split(document: Extracted, settings: IngestSettings) -> list[Chunk]:
    """Chunks in reading order; each at most `chunk_chars` (`chunk_chars_cjk`) characters long."""
    chunks: list[Chunk] = []
    code = fences(document.text)
    for section in _merged(list(_sections(document, settings)), document.text):
        spans = _split_section(document.text, section, code, settings)
        overlap = 0.0 if document.table else settings.overlap
        for start, end in _overlapping(document.text, spans, overlap, section.limit):
            if any(map(str.isalnum, document.text[start:end])):
                text = document.text[start:end]
                chunks.append(Chunk(start, end, text, section.page, section.path))
    return chunks


def _sections(document: Extracted, settings: IngestSettings) -> Iterator[_Section]:
    starts = {0, *document.pages, *(h.start for h in document.headings), len(document.text)}
    path: dict[int, str] = {}
    headings, page = {h.start: h for h in document.headings}, 0
    pages = set(document.pages)
    for start, end in pairwise(sorted(starts)):
        page += sum(1 for offset in document.pages if offset == start) if start in pages else 0
        if heading := headings.get(start):
            path = {k: v for k, v in path.items() if k < heading.level}
            path[heading.level] = heading.text
        cjk = is_cjk(document.text[start:end])
        limit = settings.chunk_chars_cjk if cjk else settings.chunk_chars
        yield _Section(
            start, end, page, " > ".join(path.values()), min(limit, settings.chunk_chars)
        )


def _merged(sections: list[_Section], text: str) -> Iterator[_Section]:
    """Short sections join the next one of their page, so that a lone heading is no chunk."""
    waiting: _Section | None = None
    for section in sections:
        if waiting and _joins(waiting, section, text):
            longer = max(waiting, section, key=lambda s: s.end - s.start)
            waiting = replace(longer, start=waiting.start, end=section.end)
        else:
            if waiting:
                yield waiting
            waiting = section
    if waiting:
        yield waiting


def _joins(first: _Section, second: _Section, text: str) -> bool:
    short = len(text[first.start : first.end].strip()) < first.limit // 4
    return first.page == second.page and first.limit == second.limit and short


def _split_section(
    text: str, section: _Section, code: list[tuple[int, int]], settings: IngestSettings
) -> list[tuple[int, int]]:
    """Adjoining spans that cover the section."""
    room = max(int(section.limit * (1 - settings.overlap)), 1)
    if units(text[section.start : section.end], section.limit) <= section.limit:
        return [(section.start, section.end)]
    packed: list[tuple[int, int]] = []
    for start, end, whole in _blocks(section, code):
        pieces = [(start, end)]
        if not whole or units(text[start:end], section.limit) > section.limit:
            pieces = list(_pieces(text, start, end, room, section.limit))
        for span in pieces:
            _pack(text, packed, span, room, section.limit)
    return [part for span in packed for part in _halved(text, *span, section.limit)]


def _halved(text: str, start: int, end: int, limit: int) -> Iterator[tuple[int, int]]:
    """The span, or its halves where its pieces are longer together than one by one."""
    if units(text[start:end], limit) <= limit or end - start < 2:
        yield start, end
        return
    middle = (start + end) // 2
    yield from _halved(text, start, middle, limit)
    yield from _halved(text, middle, end, limit)


def _pack(
    text: str, packed: list[tuple[int, int]], span: tuple[int, int], room: int, limit: int
) -> None:
    if packed and units(text[packed[-1][0] : span[1]], limit) <= room:
        packed[-1] = (packed[-1][0], span[1])
    else:
        packed.append(span)


def _blocks(section: _Section, code: list[tuple[int, int]]) -> Iterator[tuple[int, int, bool]]:
    """The section as prose and code fences, the latter to be kept whole."""
    at = section.start
    for start, end in code:
        if start >= section.end or end <= section.start:
            continue
        if at < start:
            yield at, start, False
        yield max(at, start), min(end, section.end), True
        at = min(end, section.end)
    if at < section.end:
        yield at, section.end, False


def _pieces(text: str, start: int, end: int, room: int, limit: int) -> Iterator[tuple[int, int]]:
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        separators=list(_SEPARATORS),
        is_separator_regex=True,
        keep_separator="end",
        strip_whitespace=False,
        chunk_size=room,
        chunk_overlap=0,
        length_function=lambda piece: units(piece, limit),
    )
    for piece in splitter.split_text(text[start:end]):
        yield start, start + len(piece)
        start += len(piece)


def _overlapping(
    text: str, spans: list[tuple[int, int]], overlap: float, limit: int
) -> Iterator[tuple[int, int]]:
    """Spans without white space at their ends, each begun a little inside the one before."""
    for index, (start, end) in enumerate(spans):
        begin = _earlier(text, spans[index - 1][0], start, int(overlap * limit)) if index else start
        if units(text[begin:end], limit) > limit:
            begin = start
        while begin < end and text[begin].isspace():
            begin += 1
        while end > begin and text[end - 1].isspace():
            end -= 1
        if begin < end:
            yield begin, end


def _earlier(text: str, floor: int, start: int, room: int) -> int:
    """The first sentence or, failing that, word that begins at most `room` before `start`."""
    window = range(max(floor, start - room), start)
    words = [at for at in window if at > 0 and text[at - 1].isspace() and not text[at].isspace()]
    sentences = [at for at in words if text[at - 2 : at - 1] in ".!?。！？\n" and at > 1]
    return (sentences or words or [start])[0]
