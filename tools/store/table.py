"""Reads and writes of one opened collection; blocking, and free of tenants and settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from langchain_core.documents import Document

from churon.tools.store.collection import Collection, dense_search
from churon.tools.store.connect import Connection, failures
from churon.tools.store.filters import among
from churon.tools.store.rows import KEY, TEXT

T = TypeVar("T")

_BATCH = 500
"""Rows, or ids in one expression, of a single request."""
_UNINDEXED = 200
"""Rows that Milvus Lite may hold outside its indexes before a search has it index them."""


@dataclass
class Unindexed:
    """How many rows were written since the last flush; more than enough before the first one."""

    rows: int = _UNINDEXED


@dataclass(frozen=True)
class Hits:
    """What one search found: the columns and the score of each row, by primary key."""

    columns: Mapping[str, Mapping[str, Any]]
    scores: Mapping[str, float]


NOTHING = Hits({}, {})


@dataclass(frozen=True)
class Table:
    """One collection. Every method raises StoreError where Milvus fails."""

    name: str
    connection: Connection
    views: Collection
    timeout: float
    unindexed: Unindexed = field(default_factory=Unindexed)

    def settle(self) -> None:
        """Have Milvus Lite index what was written: it scans the rest anew for every search.

        At 2,000 passages a search costs a quarter of the time afterwards. A server indexes on its
        own and limits flushes, so it is left alone.
        """
        if self.connection.file is None or self.unindexed.rows < _UNINDEXED:
            return
        if not self.connection.writing.acquire(blocking=False):
            return  # a search does not wait for a writer; a later one finds it done
        try:
            with failures("indexed", self.connection.name):
                self.connection.client.flush(self.name, timeout=self.timeout)
            self.unindexed.rows = 0
        finally:
            self.connection.writing.release()

    def dense(self, vector: list[float], k: int, ef: int, where: str) -> Hits:
        """The nearest rows by cosine; `ef` is raised to `k`, as Milvus demands."""
        with failures("searched", self.connection.name):
            found = self.views.dense.similarity_search_with_score_by_vector(
                vector, k=k, param=dense_search(max(ef, k)), expr=where, timeout=self.timeout
            )
        return _hits(found)

    def bm25(self, terms: str, k: int, where: str) -> Hits:
        """The best rows by BM25 among those that share a term; none for no terms."""
        if self.views.bm25 is None or not terms:
            return NOTHING
        with failures("searched", self.connection.name):
            found = self.views.bm25.similarity_search_with_score(
                terms, k=k, expr=where, timeout=self.timeout
            )
        # Milvus Lite gives BM25 as a negative distance, the server as a positive score
        return _hits([(document, abs(score)) for document, score in found])

    def upsert(self, rows: Sequence[Document]) -> None:
        """Embed and write rows, replacing those of the same key."""
        for batch in _batches(rows):
            ids = [row.id or "" for row in batch]
            with self.connection.writing, failures("written", self.connection.name):
                self.views.writer.upsert(ids=ids, documents=list(batch), timeout=self.timeout)
                self.unindexed.rows += len(batch)

    def delete(self, ids: Sequence[str], where: str) -> int:
        """Delete by id; how many rows there were."""
        keys = [row[KEY] for row in self.rows(ids, where, [KEY])]
        for batch in _batches(keys):
            with self.connection.writing, failures("written", self.connection.name):
                # langchain-milvus's delete quotes with repr() and turns failure into False
                self.connection.client.delete(
                    self.name, filter=among(KEY, batch), timeout=self.timeout
                )
        if keys:
            # Session consistency covers own inserts; a server applies deletes a moment later
            self._query(among(KEY, keys[:1]), [KEY], consistency_level="Strong")
        return len(keys)

    def rows(self, ids: Sequence[str], where: str, columns: Sequence[str]) -> list[dict[str, Any]]:
        """The columns of the rows with these ids, in no particular order."""
        rows: list[dict[str, Any]] = []
        for batch in _batches(list(dict.fromkeys(ids))):
            clause = among("id", batch)
            rows += self._query(f"{where} and {clause}" if where else clause, columns)
        return rows

    def all_rows(self, where: str, columns: Sequence[str]) -> list[dict[str, Any]]:
        """The columns of every row, in no particular order."""
        # Not by pymilvus's iterator: it misses a server's last writes and does not quote keys. All
        # keys fit in one answer where all rows may not; a condition must stand for "every row"
        keys = [row[KEY] for row in self._query(where or f'{KEY} != ""', [KEY])]
        return [row for batch in _batches(keys) for row in self._query(among(KEY, batch), columns)]

    def some(self, limit: int, columns: Sequence[str]) -> list[dict[str, Any]]:
        """The columns of any `limit` rows; fewer where there are not so many."""
        return self._query(f'{KEY} != ""', columns, limit=limit)

    def count(self, where: str) -> int:
        """How many rows there are."""
        return int(self._query(where, ["count(*)"])[0]["count(*)"])

    def _query(self, where: str, columns: Sequence[str], **more: Any) -> list[dict[str, Any]]:
        client, fields = self.connection.client, list(columns)
        with failures("read", self.connection.name):
            found = client.query(
                self.name, filter=where, output_fields=fields, timeout=self.timeout, **more
            )
            return list(found)


def _hits(found: Sequence[tuple[Document, float]]) -> Hits:
    columns: dict[str, Mapping[str, Any]] = {}
    scores: dict[str, float] = {}
    for document, score in found:
        key = document.metadata[KEY]
        columns[key] = {**document.metadata, TEXT: document.page_content}
        scores[key] = float(score)
    return Hits(columns, scores)


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))
