"""HTML through BeautifulSoup: what a reader of the page would see, with its headings.

Text hidden by the `hidden` attribute, `aria-hidden`, an inline style or a well-known class is left
out: nobody who checks a citation could see it. What a click unfolds (`collapse`, `details`) and
what only small screens hide is kept. Navigation, long lists of bare links, scripts and the fields
of forms are left out; a form itself may hold the whole page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churon.tools.ingest.encoding import decode
from churon.tools.ingest.extracted import Extracted, TextBuilder, normalise, one_line
from churon.tools.ingest.readers.plain import split_front_matter
from churon.tools.ingest.readers.visible import unseen
from churon.tools.settings import IngestSettings

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]+)", re.IGNORECASE)
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details"}
    | {"dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form"}
    | {"header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "ol", "p", "search"}
    | {"section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul"}
)
_CELLS = ("td", "th")
_AS_WRITTEN = ("pre", "textarea")
_SPACES = re.compile(r"\s+")
_HEADING = re.compile(r"h([1-6])$")


def read_html(path: Path, settings: IngestSettings) -> Extracted:
    """The visible text, block by block; h1 to h6 are headings."""
    from bs4 import BeautifulSoup

    data = path.read_bytes()
    declared = _CHARSET.search(data[:4096])
    text = decode(data, declared.group(1).decode() if declared else None)
    _, text = split_front_matter(normalise(text))
    soup = BeautifulSoup(text, "lxml")
    walk = _Walk(TextBuilder(settings.max_chars))
    walk.visit(soup)  # not the body alone: broken pages are parsed into the head
    walk.flush()
    title = soup.title.get_text() if soup.title else ""
    return walk.builder.build(title)


@dataclass(frozen=True)
class _End:
    """A line ends here; with `gap`, so does the paragraph."""

    gap: bool


class _Walk:
    """Depth-first over the page; `line` holds the inline text of the block being read."""

    def __init__(self, builder: TextBuilder) -> None:
        self.builder = builder
        self.line: list[str] = []

    def visit(self, root: Any) -> None:
        # An explicit stack: hostile pages nest deeper than Python recurses
        stack: list[Any] = [root]
        while stack:
            node = stack.pop()
            if isinstance(node, _End):
                self.flush(node.gap)
            elif isinstance(node, str):
                self.line.append(_SPACES.sub(" ", _string(node)))
            elif not unseen(node):
                stack.extend(reversed(self._enter(node)))

    def _enter(self, node: Any) -> list[Any]:
        """What to visit next in the node's place."""
        heading = _HEADING.match(node.name)
        if heading:
            self.flush()
            self.builder.heading(_written(node), int(heading.group(1)))
            return []
        if node.name in _AS_WRITTEN:
            self.flush()
            self.builder.add(_written(node), "\n\n")
            return []
        if node.name == "br":
            self.line.append("\n")
        if node.name in _CELLS:
            self.line.append(" | " if "".join(self.line).strip() else "")
        if node.name in _BLOCKS:
            end = _End(gap=node.name not in ("tr", "li"))
            return [end, *node.contents, end]
        return list(node.contents)

    def flush(self, gap: bool = True) -> None:
        lines = "".join(self.line).split("\n")
        self.line = []
        self.builder.add("\n".join(filter(None, map(one_line, lines))))
        if gap:
            self.builder.gap()


def _string(node: Any) -> str:
    # Comments, CDATA and doctypes are strings too, of their own classes
    return str(node) if type(node).__name__ == "NavigableString" else ""


def _written(root: Any) -> str:
    """The text of what is seen, with its own white space; blocks inside are lines."""
    parts: list[str] = []
    stack: list[Any] = list(reversed(root.contents))
    while stack:
        node = stack.pop()
        if isinstance(node, _End):
            parts += ["\n"] if parts and not parts[-1].endswith("\n") else []
        elif isinstance(node, str):
            parts += filter(None, [_string(node)])
        elif node.name == "br":
            parts.append("\n")
        elif not unseen(node):
            end = [_End(gap=False)] if node.name in _BLOCKS or node.name in _CELLS else []
            stack.extend(reversed([*end, *node.contents, *end]))
    return "".join(parts)
