"""The store: whether it can be opened, and what is in it."""

from __future__ import annotations

import asyncio

from langchain_core.embeddings import Embeddings

from churon.cli.checks.finding import Finding, ok, warning
from churon.tools.addresses import shown
from churon.tools.settings import Settings


class _NoEmbeddings(Embeddings):
    """Counting passages needs no vectors."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise NotImplementedError

    def embed_query(self, text: str) -> list[float]:
        raise NotImplementedError


async def passages(settings: Settings) -> list[Finding]:
    """How many passages there are; a store that does not exist is not made. Raises StoreError."""
    from churon.tools.store import Store
    from churon.tools.store.connect import file_of

    uri, collection = settings.store.uri, settings.context.collection or settings.store.collection
    file, uri = await asyncio.to_thread(file_of, uri), shown(uri)
    if file and not await asyncio.to_thread(file.exists):
        return [warning("store", f"{uri} does not exist yet", "churon ingest PATH")]
    dimensions = settings.embedding.dimensions
    store = await asyncio.to_thread(Store.open, settings.store, _NoEmbeddings(), dimensions)
    try:
        # With tenancy a count needs a tenant; that the collection opens must do then
        tenant = settings.context.tenant
        if settings.store.tenancy and not tenant:
            return [ok("store", f"{uri} is open; passages are counted by tenant")]
        count = await store.count(tenant=tenant, collection=settings.context.collection)
        findings = [ok("store", f"{uri}, collection {collection}: {count:,} passages")]
        if not count:
            message = f"{uri}, collection {collection}, holds no passages"
            findings = [warning("store", message, "churon ingest PATH")]
        if store.degraded:
            findings.append(_no_bm25(uri))
        return findings
    finally:
        await asyncio.to_thread(store.close)


def _no_bm25(uri: str) -> Finding:
    return warning(
        "store", f"{uri} has no full-text search: searches are dense", "Use Milvus 2.5 or later."
    )
