"""The store as a LangChain `VectorStore`, for code that takes one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from uuid import uuid4

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore

from churon.tools.settings import StoreSettings
from churon.tools.store.milvus import Mode, Store
from churon.tools.store.rows import SCORES
from churon.tools.types import Filter

T = TypeVar("T")


class StoreVectorStore(VectorStore):
    """One collection and tenant of a `Store`; works sync and async, the latter does the work.

    Documents come back as they were written; `similarity_search_with_score` gives the fused score.
    """

    def __init__(
        self,
        store: Store,
        *,
        collection: str | None = None,
        tenant: str | None = None,
        ef: int = 100,
        mode: Mode = "hybrid",
    ) -> None:
        self.store = store
        self._place: dict[str, Any] = {"collection": collection, "tenant": tenant}
        self._how: dict[str, Any] = {"ef": ef, "mode": mode}

    @property
    def embeddings(self) -> Embeddings:
        """The embedding model, with vectors of unit length."""
        return self.store.embeddings

    async def aadd_documents(self, documents: list[Document], **kwargs: Any) -> list[str]:
        """Write documents under `ids`, else their own ids, else new ones; the ids."""
        given = kwargs.get("ids") or [None] * len(documents)
        ids = [i or d.id or uuid4().hex for i, d in zip(given, documents, strict=True)]
        named = [
            document.model_copy(update={"id": id_})
            for id_, document in zip(ids, documents, strict=True)
        ]
        await self.store.upsert(named, **self._place)
        return ids

    def add_documents(self, documents: list[Document], **kwargs: Any) -> list[str]:
        """See `aadd_documents`."""
        return _wait(self.aadd_documents(documents, **kwargs))

    async def adelete(self, ids: list[str] | None = None, **kwargs: Any) -> bool | None:
        """Delete by id; ids that are not there are no error."""
        await self.store.delete(ids or [], **self._place)
        return True

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool | None:
        """See `adelete`."""
        return _wait(self.adelete(ids, **kwargs))

    async def aget_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """The documents of these ids, in that order; missing ones are left out."""
        return await self.store.get(ids, **self._place)

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """See `aget_by_ids`."""
        return _wait(self.aget_by_ids(ids))

    async def asimilarity_search_with_score(
        self, query: str, k: int = 4, filter: Filter | None = None, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """The best documents with their retrieval scores."""
        found = await self.store.search(
            query, k=k, filter=filter, **self._place, **{**self._how, **kwargs}
        )
        return [(_bare(document), document.metadata["retrieval_score"]) for document in found]

    def similarity_search_with_score(
        self, query: str, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """See `asimilarity_search_with_score`."""
        return _wait(self.asimilarity_search_with_score(query, k, **kwargs))

    async def asimilarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """The best documents."""
        return [found for found, _ in await self.asimilarity_search_with_score(query, k, **kwargs)]

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """See `asimilarity_search`."""
        return _wait(self.asimilarity_search(query, k, **kwargs))

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        settings: StoreSettings | None = None,
        **kwargs: Any,
    ) -> StoreVectorStore:
        """Open a store for `embedding` and write the texts."""
        dimensions = len(embedding.embed_query("dimensions"))
        view = cls(Store.open(settings or StoreSettings(), embedding, dimensions), **kwargs)
        view.add_texts(texts, metadatas, ids=ids)
        return view


def _bare(document: Document) -> Document:
    metadata = {name: value for name, value in document.metadata.items() if name not in SCORES}
    return document.model_copy(update={"metadata": metadata})


def _wait(work: Coroutine[Any, Any, T]) -> T:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as thread:  # a loop runs here already (a notebook)
        return thread.submit(asyncio.run, work).result()
