"""What of an HTML page nobody sees, or says nothing: the judgement of one element."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from churon.tools.ingest.extracted import one_line

_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HIDDEN_CLASSES = frozenset({"hidden", "d-none", "invisible", "visually-hidden"})
_SHOWN_WIDE = re.compile(r"(?:sm|md|lg|xl|2xl):(?!hidden)|d-(?:sm|md|lg|xl|xxl)-(?!none)")
_UNREAD = frozenset(
    {"script", "style", "template", "noscript", "nav", "button", "input", "select", "datalist"}
    | {"svg", "iframe", "title", "object"}
)
_MENU_LINKS = 30
_MENU_WIDTH = 30
"""Characters of an average link's text, above which a list of links tells something."""


def unseen(node: Any) -> bool:
    """Whether the element and all in it is to be left out."""
    if node.name in _UNREAD or _is_menu(node) or _names_a_field(node):
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


def _is_menu(node: Any) -> bool:
    """A list of many short links and nothing else, such as a page's other languages."""
    if node.name not in ("ul", "ol", "menu"):
        return False
    links = [one_line(link.get_text()) for link in node.find_all("a")]
    if len(links) < _MENU_LINKS:
        return False
    text, linked = len(one_line(node.get_text(" "))), sum(map(len, links)) + len(links)
    return linked >= 0.9 * text and linked < _MENU_WIDTH * len(links)


def _names_a_field(node: Any) -> bool:
    """A form's label; elsewhere labels unfold what is below them, and say what that is."""
    return node.name == "label" and node.find_parent("form") is not None


def _hidden_by_class(classes: Sequence[str]) -> bool:
    return not _HIDDEN_CLASSES.isdisjoint(classes) and not any(map(_SHOWN_WIDE.match, classes))
