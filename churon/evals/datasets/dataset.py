"""What every reader makes: the documents of a set and its questions."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from typing_extensions import TypedDict

from churon.evals.datasets.texts import composed
from churon.evals.types import Case
from churon.tools.errors import InputError


class Source(TypedDict):
    """One document of a set's corpus; it becomes one passage under its id."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Dataset:
    """A set: its documents (none where the questions are about the user's own) and its cases."""

    name: str
    documents: tuple[Source, ...]
    cases: tuple[Case, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Why questions of the file are no cases, or documents of it are missing, with how many."""

    def sample(self, n: int | None, seed: int) -> Dataset:
        """`n` cases in an order that the seed alone decides: a larger n adds to a smaller one's."""
        ordered = sorted(self.cases, key=lambda case: case["id"])
        random.Random(seed).shuffle(ordered)
        return replace(self, cases=tuple(ordered[:n]))

    def without_sources(self) -> Dataset:
        """For documents of the user's own, which have other names."""
        bare = (cast(Case, {**case, "relevant": {}, "spans": []}) for case in self.cases)
        return replace(self, documents=(), cases=tuple(bare))

    def corpus_hash(self) -> str:
        """Sixteen hex digits over all documents, whatever their order; "" for none."""
        return hash_of(self.documents)


def hash_of(documents: Iterable[Source]) -> str:
    """Sixteen hex digits over the documents; "" for none."""
    rows = sorted((one["id"], one["title"], one["text"]) for one in documents)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16] if rows else ""


def document(title: str, text: str, id_: str = "") -> Source:
    """A document; where its set gives it no id, the same text is the same document."""
    title, text = composed(title), composed(text)
    return Source(id=id_ or _id(title, text), title=title, text=text)


def _id(title: str, text: str) -> str:
    return hashlib.sha256(f"{title}\0{text}".encode("utf-8", "replace")).hexdigest()[:16]


def assembled(
    path: Path,
    documents: Iterable[Source],
    cases: Sequence[Case],
    left_out: Mapping[str, int] | None = None,
) -> Dataset:
    """The set of a file, documents once each. Raises InputError for none or repeated questions."""
    if not cases:
        raise InputError(
            f"{str(path)!r} holds no question to ask.", remedy="Check that it is the right file."
        )
    twice = [id_ for id_, n in Counter(case["id"] for case in cases).items() if n > 1]
    if twice:
        raise InputError(
            f"{str(path)!r} holds the question id {twice[0]!r} more than once.",
            remedy="Give each question an id of its own, or none at all.",
        )
    by_id = {one["id"]: one for one in documents}
    return Dataset(_name(path), tuple(by_id.values()), tuple(cases), dict(left_out or {}))


def _name(path: Path) -> str:
    """A file's without its ending; a folder's whole name, of which a dot is a part, also where it
    is named ".".
    """
    return path.resolve().name if path.is_dir() else path.stem
