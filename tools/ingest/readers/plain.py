"""Markdown and plain text."""

from __future__ import annotations

import re
from pathlib import Path

from churon.tools.ingest.encoding import decode
from churon.tools.ingest.extracted import Extracted, Heading, check_chars, normalise, one_line
from churon.tools.settings import IngestSettings

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n((?:.*\n)*?)---[ \t]*(?:\n|\Z)")
_WORD = re.compile(r"[^\s#\[\]{}]\S*:(?:[ \t]|$)")
_KEY = re.compile(r"[^\s#\[\]{}][^\n]{0,60}?:(?:[ \t]|$)")
"""`date created:` too, but a mapping has some key of one word."""
_YAML = re.compile(rf"{_KEY.pattern}|[ \t]|-[ \t]|#|[\]}}]|$")
"""How a line of a mapping begins: key, deeper value, item, comment, end of a list, or nothing."""
_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)
_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)|[`*]")
_ANCHOR = re.compile(r"\s*\{[^{}]*\}\s*$")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")  # else it is code within a line


def read_markdown(path: Path, settings: IngestSettings) -> Extracted:
    """The text as written, without front matter; ATX headings outside code fences are headings."""
    front, text = split_front_matter(_text(path, settings))
    headings = tuple(_headings(text))
    title = _TITLE.search(front)
    named = title.group(1) if title else next((h.text for h in headings), "")
    return Extracted(text, named, headings)


def read_text(path: Path, settings: IngestSettings) -> Extracted:
    """The text as written."""
    return Extracted(_text(path, settings))


def split_front_matter(text: str) -> tuple[str, str]:
    """The YAML between leading `---` lines, and the rest; text between two rules is no YAML."""
    front = _FRONT_MATTER.match(text)
    if not front or not _is_mapping(front.group(1).splitlines()):
        return "", text
    return front.group(1), text[front.end() :]


def _is_mapping(lines: list[str]) -> bool:
    if not lines:
        return True
    begun = bool(lines[0].strip())
    return begun and any(map(_WORD.match, lines)) and all(map(_YAML.match, lines))


def _text(path: Path, settings: IngestSettings) -> str:
    text = normalise(decode(path.read_bytes()))
    check_chars(len(text), settings.max_chars)
    return text


def fences(text: str) -> list[tuple[int, int]]:
    """Spans of fenced code blocks (CommonMark 4.5), the fence lines included."""
    spans, offset, opened = [], 0, ""
    begin = 0
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line)
        if mark and not opened:
            opened, begin = mark.group(1), offset
        elif mark and _closes(line, opened):
            spans.append((begin, offset + len(line)))
            opened = ""
        offset += len(line)
    return [*spans, (begin, offset)] if opened else spans


def _closes(line: str, opened: str) -> bool:
    bare = line.strip()
    return set(bare) == {opened[0]} and len(bare) >= len(opened)


def _headings(text: str) -> list[Heading]:
    code, found, offset = fences(text), [], 0
    inside = iter([*code, (len(text) + 1, len(text) + 1)])
    span = next(inside)
    for line in text.splitlines(keepends=True):
        while offset >= span[1]:
            span = next(inside)
        heading = _ATX.match(line) if offset < span[0] else None
        if heading:
            name = one_line(_LINK.sub(r"\1", _ANCHOR.sub("", heading.group(2))))
            found.append(Heading(offset, len(heading.group(1)), name))
        offset += len(line)
    return found
