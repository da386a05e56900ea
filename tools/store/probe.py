"""Whether a collection's vectors are the embedding model's: Milvus Lite keeps no note of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event

import numpy as np

from churon.tools.errors import StoreError
from churon.tools.store.rows import DENSE, KEY, TEXT
from churon.tools.store.table import Table
from churon.tools.store.vectors import UnitEmbeddings

_SAME = 0.8
"""Cosine: quantised or in half precision a model gives its vectors to within .05; another model's
of the same length have nothing to do with them.
"""


@dataclass(frozen=True)
class Probe:
    """Embeds one stored passage anew, once in a process, and compares the two vectors."""

    table: Table
    embeddings: UnitEmbeddings
    _passed: Event = field(default_factory=Event)

    def __call__(self) -> None:
        """Raise StoreError where another model wrote the collection. Blocking."""
        if self._passed.is_set():
            return
        rows = self.table.some(1, [KEY, TEXT, DENSE])
        if not rows:
            return
        held = np.asarray(rows[0][DENSE], dtype=np.float32)
        [given] = self.embeddings.embed_documents([rows[0][TEXT]])
        # a vector of zeros, of a text that a model sees nothing in, tells nothing
        if np.any(held) and np.any(given) and float(held @ np.asarray(given)) < _SAME:
            raise StoreError(
                f"The vectors in the collection {self.table.name!r} were made by another "
                "embedding model than the one that is set.",
                remedy="Set embedding.model as it was, or set store.collection to a new name and "
                "run `churon ingest PATH`.",
            )
        self._passed.set()
