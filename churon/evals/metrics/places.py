"""Which gold evidence a passage bears.

Gold ids are of passages or of documents. A passage bears an id that is its own; it bears its
document's id too, unless the case knows spans in that document: then it must overlap one of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from churon.evals.types import Case, Placed, Span

Place = str | tuple[str, int, int]
"""A gold id, or a gold span as document, start and end."""


def overlaps(passage: Placed, span: Span) -> bool:
    """They share a character."""
    same = passage["document"] == span["document"]
    return same and max(passage["start"], span["start"]) < min(passage["end"], span["end"])


def places(case: Case) -> set[Place]:
    """All gold evidence: the ids, or, where there are none, the spans."""
    return set(case["relevant"]) or set(map(place, case["spans"]))


def place(span: Span) -> Place:
    """The span as a key of sets."""
    return (span["document"], span["start"], span["end"])


def borne(case: Case, passages: Iterable[Placed]) -> set[Place]:
    """The gold evidence that the passages bear together."""
    return {one for passage in passages for one in _borne(case, passage)} & places(case)


def _borne(case: Case, passage: Placed) -> set[Place]:
    inside = [span for span in case["spans"] if overlaps(passage, span)]
    made: set[Place] = {passage["id"], *map(place, inside)}
    spanned = any(span["document"] == passage["document"] for span in case["spans"])
    return made if spanned and not inside else {*made, passage["document"]}


def relevant(case: Case, passage: Placed) -> bool:
    """The passage bears a gold id, or overlaps a gold span."""
    spanned = any(overlaps(passage, span) for span in case["spans"])
    return spanned or bool(borne(case, [passage]))
