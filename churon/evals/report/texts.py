"""The texts of passages for the page: each once, whatever many runs read it, with the words that
bear the answer and the gold evidence marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from churon.evals.metrics.places import Place, borne, overlaps, places, relevant
from churon.evals.types import Case, Passage, Row
from churon.nodes.cite import quote

LONGEST = 2_000
"""Characters shown of a passage: in a set whose documents are whole passages they have no limit."""
Told = dict[str, Any]


@dataclass
class _Shelf:
    """Passages of one corpus that any run read, with their texts."""

    by_id: dict[str, Passage] = field(default_factory=dict)
    by_document: dict[str, dict[str, Passage]] = field(default_factory=dict)


class Texts:
    """Those that the rows hold; rows of older files have none, and their passages stay names."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.held: list[str] = []
        """As they are shown; passages name them by their places here."""
        self._at: dict[str, int] = {}
        self._shelves: dict[tuple[str, str], _Shelf] = {}
        for row in rows:
            shelf = self._shelf(row)
            for one in row.get("read", []):
                if "text" in one:
                    shelf.by_id[one["id"]] = one
                    shelf.by_document.setdefault(one["document"], {})[one["id"]] = one

    def _shelf(self, row: Row) -> _Shelf:
        held = row["provenance"]
        return self._shelves.setdefault((held["set"], held["corpus"]), _Shelf())

    def read(self, row: Row) -> list[Told]:
        """The passages that a run read."""
        return [self._read(row, one) for one in row.get("read", [])]

    def _read(self, row: Row, one: Passage) -> Told:
        borne_by = [c["text"] for c in row.get("claims", []) if one["id"] in c["evidence_ids"]]
        told = {name: value for name, value in one.items() if name != "text"}
        return {**told, "gold": relevant(row["case"], one), **self._opened(row, one, borne_by)}

    def unread(self, row: Row) -> list[Told]:
        """The gold evidence that a run did not read, with a text where another run read it."""
        case, read = row["case"], row.get("read")
        missed = set() if read is None else places(case) - borne(case, read)
        return [self._unread(row, one) for one in sorted(missed, key=_named)]

    def _unread(self, row: Row, place: Place) -> Told:
        case, shelf = row["case"], self._shelf(row)
        name = place if isinstance(place, str) else place[0]
        near = [*shelf.by_document.get(name, {}).values()]
        near += [shelf.by_id[name]] if name in shelf.by_id else []
        bearing = [one for one in near if place in borne(case, [one])]
        best = max(bearing, key=lambda one: sum(map(len, _gold(case, one))), default=None)
        return {"name": _named(place), **(self._opened(row, best, ()) if best else {})}

    def _opened(self, row: Row, one: Passage, claims: Sequence[str]) -> Told:
        """`text` and its `marks`; `beyond`: some of these are of what is cut off."""
        whole = one.get("text")
        if whole is None:
            return {}
        spans = [(span, "gold") for span in _gold(row["case"], one) if span]
        spans += [(span, "quote") for span in _quoted(claims, whole) if span]
        marks = [
            {"start": span.start, "end": min(span.stop, LONGEST), "kind": kind}
            for span, kind in spans
            if span.start < LONGEST
        ]
        return {"text": self._place(whole), "marks": marks, "beyond": len(marks) < len(spans)}

    def _place(self, whole: str) -> int:
        shown = whole if len(whole) <= LONGEST else f"{whole[:LONGEST]}…"
        if shown not in self._at:
            self._at[shown] = len(self.held)
            self.held.append(shown)
        return self._at[shown]


def _gold(case: Case, one: Passage) -> Iterator[range]:
    """The gold spans in a passage, as characters of its text."""
    size = len(one.get("text", ""))
    for span in case["spans"] if size == one["end"] - one["start"] else ():
        if overlaps(one, span):
            start, end = span["start"] - one["start"], span["end"] - one["start"]
            yield range(max(0, start), min(end, size))


def _quoted(claims: Sequence[str], text: str) -> Iterator[range]:
    for claim in claims:
        words = quote(claim, text)
        start = text.find(words)
        yield range(start, start + len(words))


def _named(place: Place) -> str:
    return place if isinstance(place, str) else "{} {}–{}".format(*place)
