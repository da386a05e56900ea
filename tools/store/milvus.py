"""The store: passages in Milvus, searched by meaning and by words."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from churon.tools.errors import InputError, StoreError
from churon.tools.korean import analyse
from churon.tools.settings import StoreSettings
from churon.tools.store import fusion
from churon.tools.store.collection import check, create, open_collection
from churon.tools.store.connect import Connection, connect, failures
from churon.tools.store.filters import expression
from churon.tools.store.probe import Probe
from churon.tools.store.rows import READ, last_by_id, to_passage, to_row
from churon.tools.store.table import NOTHING, Hits, Table
from churon.tools.store.vectors import UnitEmbeddings
from churon.tools.types import Filter

Mode = Literal["hybrid", "dense", "bm25"]

_POOL = 50
"""Candidates that each of the two searches gives to the fusion, at least."""
_MAX_K = 16_384
"""Milvus's limit for the results of one search."""


@dataclass(frozen=True)
class Store:
    """Milvus behind one small surface. Thread-safe, usable from several event loops.

    Every method raises StoreError where Milvus fails; with `settings.tenancy` each needs a tenant.
    `upsert` and `search` raise it where another embedding model made the collection's vectors.
    `search` raises InputError for an empty query.
    """

    settings: StoreSettings
    dimensions: int
    embeddings: UnitEmbeddings
    connection: Connection
    _tables: dict[str, Table] = field(default_factory=dict)
    _probes: dict[str, Probe] = field(default_factory=dict)
    _opening: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, settings: StoreSettings, embeddings: Embeddings, dimensions: int) -> Store:
        """Connect, and check the settings' collection where it exists. Blocking."""
        connection = connect(settings)
        store = cls(settings, dimensions, UnitEmbeddings(embeddings, dimensions), connection)
        try:
            store._find(None)
        except StoreError:
            store.close()
            raise
        return store

    @property
    def degraded(self) -> tuple[str, ...]:
        """Fallbacks in use: ("bm25_unavailable",) where the server has no full-text search."""
        return () if self.connection.bm25 else ("bm25_unavailable",)

    @property
    def shared(self) -> bool:
        """Whether it is a server, which others may fill from other machines."""
        return self.connection.file is None

    async def search(
        self,
        query: str,
        *,
        k: int,
        ef: int,
        mode: Mode = "hybrid",
        filter: Filter | None = None,
        tenant: str | None = None,
        collection: str | None = None,
    ) -> list[Document]:
        """The best `k` passages, best first, ties in order of id.

        Metadata gain `dense_score` (cosine), `bm25_score` (each None where that search did not
        return the passage) and `retrieval_score` (the fused one, or the only one).
        """
        where = self._where(tenant, filter)
        self._check_question(query, k, mode)
        table = await asyncio.to_thread(self._existing, collection)
        await asyncio.to_thread(table.settle)
        pool = k if mode != "hybrid" else min(max(k, _POOL), _MAX_K)
        dense, bm25 = await asyncio.gather(
            asyncio.to_thread(self._dense, table, query, pool, ef, where, mode),
            asyncio.to_thread(self._bm25, table, query, pool, where, mode),
        )
        return self._merge(dense, bm25, mode)[:k]

    async def upsert(
        self,
        documents: Sequence[Document],
        *,
        tenant: str | None = None,
        collection: str | None = None,
    ) -> None:
        """Write passages under their `Document.id`, replacing those of the same id and tenant.

        The collection is made where it is absent, also for no documents.
        """
        self._where(tenant)
        await asyncio.to_thread(self._upsert, documents, tenant or "", collection)

    async def delete(
        self, ids: Sequence[str], *, tenant: str | None = None, collection: str | None = None
    ) -> int:
        """Delete by id; how many passages there were to delete. As in `upsert`, no tenant is one of
        its own: other tenants' passages of the same id stay.
        """
        self._where(tenant)
        where = expression(None, tenant or "")
        table = await asyncio.to_thread(self._find, collection)
        return await asyncio.to_thread(table.delete, ids, where) if table and ids else 0

    async def get(
        self, ids: Sequence[str], *, tenant: str | None = None, collection: str | None = None
    ) -> list[Document]:
        """The passages of these ids in the order given; ids that are not there are left out."""
        where = self._where(tenant)
        table = await asyncio.to_thread(self._find, collection)
        rows = await asyncio.to_thread(table.rows, ids, where, READ) if table and ids else []
        found: dict[str, list[Document]] = {}
        for row in rows:
            found.setdefault(row["id"], []).append(to_passage(row, {}))
        return [passage for id_ in dict.fromkeys(ids) for passage in found.get(id_, [])]

    async def documents(
        self,
        *,
        filter: Filter | None = None,
        tenant: str | None = None,
        collection: str | None = None,
    ) -> list[Document]:
        """All passages in order of id; none where the collection does not exist."""
        where = self._where(tenant, filter)
        table = await asyncio.to_thread(self._find, collection)
        rows = await asyncio.to_thread(table.all_rows, where, READ) if table else []
        ordered = sorted(rows, key=lambda row: (row["id"], row["tenant"]))
        return [to_passage(row, {}) for row in ordered]

    async def sources(self, *, tenant: str, collection: str | None = None) -> dict[str, str]:
        """The document of each passage by the passage's id; no texts are read. As in `upsert`, ""
        is a tenant of its own.
        """
        where = self._where(tenant)
        table = await asyncio.to_thread(self._find, collection)
        columns = ("id", "document")
        rows = await asyncio.to_thread(table.all_rows, where, columns) if table else []
        return {row["id"]: row["document"] for row in rows}

    async def count(
        self,
        *,
        filter: Filter | None = None,
        tenant: str | None = None,
        collection: str | None = None,
    ) -> int:
        """How many passages there are; 0 where the collection does not exist."""
        where = self._where(tenant, filter)
        table = await asyncio.to_thread(self._find, collection)
        return await asyncio.to_thread(table.count, where) if table else 0

    def close(self) -> None:
        """Close the connection; the Milvus Lite file is free for another process then."""
        self.connection.close()

    def _where(self, tenant: str | None, filter: Filter | None = None) -> str:
        if self.settings.tenancy and not tenant:
            raise StoreError(
                "This store keeps tenants apart and the call names none.",
                remedy="Name it with `--tenant NAME`, in Python with tenant=..., "
                "or set store.tenancy to false.",
            )
        return expression(filter, tenant)

    def _check_question(self, query: str, k: int, mode: Mode) -> None:
        if not query.strip():
            raise InputError(f"The search query {query!r} is empty.", remedy="Ask a question.")
        if not 0 < k <= _MAX_K:
            raise StoreError(f"k={k} is out of range.", remedy=f"Use 1 to {_MAX_K}.")
        if mode == "bm25" and not self.connection.bm25:
            raise StoreError(
                f"Milvus at {self.connection.name!r} has no full-text search.",
                remedy="Use mode 'dense', or Milvus 2.5 or later.",
            )

    def _find(self, collection: str | None) -> Table | None:
        """The opened collection, None where it does not exist."""
        name = collection or self.settings.collection
        with self._opening:
            if name not in self._tables:
                with failures("opened", self.connection.name):
                    self.connection.check(name)
                    if not self.connection.client.has_collection(name):
                        return None
                    self._tables[name] = self._open_table(name)
            return self._tables[name]

    def _open_table(self, name: str) -> Table:
        check(self.connection, name, self.dimensions)
        views = open_collection(self.connection, self.settings, name, self.embeddings)
        table = Table(name, self.connection, views, self.settings.timeout)
        self._probes[name] = Probe(table, self.embeddings)
        return table

    def _existing(self, collection: str | None) -> Table:
        if table := self._find(collection):
            return table
        raise StoreError(
            f"There is no collection {collection or self.settings.collection!r} "
            f"at {self.connection.name!r}.",
            remedy="Make it with `churon ingest PATH`.",
        )

    def _made(self, collection: str | None) -> Table:
        name = collection or self.settings.collection
        # The lock: two first writers of one process must not both create it
        with self._opening, failures("written", self.connection.name):
            if not self.connection.client.has_collection(name):
                create(self.connection, name, self.dimensions)
        return self._existing(collection)

    def _upsert(self, documents: Sequence[Document], tenant: str, collection: str | None) -> None:
        rows = [to_row(one, tenant, terms=self.connection.bm25) for one in last_by_id(documents)]
        table = self._find(collection) or self._made(collection)
        if rows:
            self._probes[table.name]()
        table.upsert(rows)

    def _dense(self, table: Table, query: str, k: int, ef: int, where: str, mode: Mode) -> Hits:
        if mode == "bm25":
            return NOTHING
        self._probes[table.name]()
        return table.dense(self.embeddings.embed_query(query), k, ef, where)

    def _bm25(self, table: Table, query: str, k: int, where: str, mode: Mode) -> Hits:
        if mode == "dense" or table.views.bm25 is None:
            return NOTHING
        return table.bm25(analyse(query), k, where)

    def _merge(self, dense: Hits, bm25: Hits, mode: Mode) -> list[Document]:
        columns = {**bm25.columns, **dense.columns}
        scores = self._scores(dense, bm25, mode)
        return [
            to_passage(
                columns[key],
                {
                    "dense_score": dense.scores.get(key),
                    "bm25_score": bm25.scores.get(key),
                    "retrieval_score": scores[key],
                },
            )
            for key in fusion.ranked(scores)
        ]

    def _scores(self, dense: Hits, bm25: Hits, mode: Mode) -> Mapping[str, float]:
        if mode != "hybrid" or not self.connection.bm25:
            return bm25.scores if mode == "bm25" else dense.scores
        if self.settings.fusion == "rrf":
            return fusion.rrf(dense.scores, bm25.scores, self.settings.rrf_k)
        return fusion.weighted(dense.scores, bm25.scores, self.settings.dense_weight)
