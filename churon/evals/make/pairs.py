"""Two passages that share an entity: what a question of two hops is made of. Pure."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from langchain_core.documents import Document

_NAME = re.compile(r"[A-Z][\w'’-]*[\w](?:\s+(?:of\s+|the\s+|de\s+)?[A-Z][\w'’-]*\w)*")
_WORD = re.compile(r"[가-힣]{2,}[가-힣A-Za-z0-9]*")
_PARTICLE = re.compile(
    r"(에서는|에게서|으로써|이라는|까지|부터|에서|에게|으로|이다|입니다|이며|이고|하는|했다|한다|하며"
    r"|은|는|이|가|을|를|의|에|로|와|과|도|만)$"
)
_PLAIN = frozenset(
    {"The", "This", "That", "These", "Those", "It", "He", "She", "They", "We", "You", "In", "On"}
    | {"At", "For", "From", "If", "When", "Where", "Who", "What", "How", "Why", "After", "Before"}
    | {"And", "But", "Or", "As", "To", "By", "With", "All", "Each", "Every", "No", "Not", "There"}
)
_MOST = 6
"""A term of more passages is no entity."""


def entities(text: str) -> set[str]:
    """Names, roughly: capitalised words in English; words without particles in Korean."""
    names = {_bare(found) for found in _NAME.findall(text)}
    words = {_PARTICLE.sub("", word) for word in _WORD.findall(text)}
    return {one for one in names | words if len(one) > 1}


def _bare(name: str) -> str:
    words = name.split()
    while words and words[0] in _PLAIN:
        words = words[1:]
    return " ".join(words)


def pairs(passages: Sequence[Document]) -> list[tuple[Document, Document, str]]:
    """Each pair once, with the longest entity that they share; pieces of one text are no pair."""
    holders: defaultdict[str, list[Document]] = defaultdict(list)
    for one in passages:
        for entity in entities(one.page_content):
            holders[entity].append(one)
    found: dict[tuple[str, str], tuple[Document, Document, str]] = {}
    for entity in sorted(holders, key=lambda name: (-len(name), name)):
        for first, second in _different(holders[entity]):
            found.setdefault((str(first.id), str(second.id)), (first, second, entity))
    return [found[key] for key in sorted(found)]


def _different(held: list[Document]) -> Iterator[tuple[Document, Document]]:
    if 2 <= len(held) <= _MOST:
        for first, second in itertools.combinations(held, 2):
            if first.metadata.get("document") != second.metadata.get("document"):
                yield first, second
