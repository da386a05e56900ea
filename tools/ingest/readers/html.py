"""HTML through BeautifulSoup: what a reader of the page would see, with its headings.

Text hidden by the `hidden` attribute, `aria-hidden`, an inline style or a well-known class is left
out: nobody who checks a citation could see it. What a click unfolds (`collapse`, `details`) and
what only small screens hide is kept. Navigation, long lists of bare links, scripts and forms are
left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churon.tools.ingest.encoding import decode
from churon.tools.ingest.extracted import Extracted, TextBuilder, normalise, one_line
from churon.tools.ingest.readers.plain import split_front_matter
from churon.tools.settings import IngestSettings

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]+)", re.I)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_HIDDEN_CLASSES = frozenset({"hidden", "d-none", "invisible", "visually-hidden"})
_SHOWN_WIDE = re.compile(r"(?:sm|md|lg|xl|2xl):(?!hidden)|d-(?:sm|md|lg|xl|xxl)-(?!none)")
_UNREAD = frozenset(
    {"script", "style", "template", "noscript", "nav", "form", "button", "select", "svg"}
    | {"iframe", "title", "object"}
)
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "caption", "dd", "details", "div", "dl"}
    | {"dt", "fieldset", "figcaption", "figure", "footer", "header", "hr", "html", "li", "main"}
    | {"ol", "p", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul"}
)
_MENU_LINKS = 30
_MENU_WIDTH = 30
"""Characters of an average link's text, above which a list of links tells something."""
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
                self.line.append(_string(node))
            elif not _unseen(node):
                stack.extend(reversed(self._enter(node)))

    def _enter(self, node: Any) -> list[Any]:
        """What to visit next in the node's place."""
        heading = _HEADING.match(node.name)
        if heading:
            self.flush()
            self.builder.heading(_visible(node), int(heading.group(1)))
            return []
        if node.name == "pre":
            self.flush()
            self.builder.add(node.get_text(), "\n\n")
            return []
        if node.name == "br":
            self.line.append("\n")
        if node.name in ("td", "th"):
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
    return re.sub(r"\s+", " ", node) if type(node).__name__ == "NavigableString" else ""


def _visible(node: Any) -> str:
    return " ".join(
        string
        for string in node.strings
        if not any(_unseen(parent) for parent in string.parents if parent is not node)
    )


def _is_menu(node: Any) -> bool:
    """A list of many short links and nothing else, such as a page's other languages."""
    if node.name not in ("ul", "ol"):
        return False
    links = [one_line(link.get_text()) for link in node.find_all("a")]
    if len(links) < _MENU_LINKS:
        return False
    text, linked = len(one_line(node.get_text(" "))), sum(map(len, links)) + len(links)
    return linked >= 0.9 * text and linked < _MENU_WIDTH * len(links)


def _hidden_by_class(classes: Sequence[str]) -> bool:
    return not _HIDDEN_CLASSES.isdisjoint(classes) and not any(map(_SHOWN_WIDE.match, classes))


def _unseen(node: Any) -> bool:
    if node.name in _UNREAD or _is_menu(node):
        return True
    attributes = node.attrs
    if not attributes:
        return False
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or attributes.get("role") in ("navigation", "menu", "search")
        or _hidden_by_class(attributes.get("class") or ())
        or _HIDDEN_STYLE.search(str(attributes.get("style", ""))) is not None
    )
