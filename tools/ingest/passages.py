"""Chunks to passages of the store: ids that depend on nothing but path and text."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

from langchain_core.documents import Document

from churon.tools.ingest.reader import Reading


def passages(key: str, document: str, reading: Reading) -> list[Document]:
    """Documents with id and metadata; equal texts of one file are told apart by their order.

    `key` is the file's absolute path, `document` the path that people see.
    """
    seen: Counter[str] = Counter()
    made = []
    for number, chunk in enumerate(reading.chunks):
        metadata = {
            "document": document,
            "title": reading.title,
            "section": chunk.section,
            "start": chunk.start,
            "end": chunk.end,
            "chunk": number,
            **({"page": chunk.page} if chunk.page else {}),
        }
        id_ = _digest(key, chunk.text, seen[chunk.text])
        seen[chunk.text] += 1
        made.append(Document(id=id_, page_content=chunk.text, metadata=metadata))
    return made


def is_of(key: str, passage: Document, most: int) -> bool:
    """Whether this passage's id is one that `passages` gives: of a file of `most` equal texts."""
    return any(passage.id == _digest(key, passage.page_content, n) for n in range(most))


def digest(passage: Document) -> str:
    """What must be equal for a stored passage to be left as it is: all but its vector."""
    return _digest(passage.page_content, sorted(passage.metadata.items()))


def _digest(*parts: object) -> str:
    encoded = json.dumps(parts).encode()  # ASCII: undecodable file names are lone surrogates
    return hashlib.sha256(encoded).hexdigest()[:32]
