"""The corpus of a set in a collection of its own, filled once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from typing import Protocol

from langchain_core.documents import Document

from churon.evals.datasets.dataset import Dataset, Source
from churon.tools.errors import InputError
from churon.tools.ingest.pipeline import PassageStore
from churon.tools.korean import spelt
from churon.tools.settings import Settings

OnStocked = Callable[[int, int], None]
"""Is told (passages in the store, passages of the corpus)."""
_BATCH = 256


class EvalStore(PassageStore, Protocol):
    """What evaluation needs of `tools.store.Store`."""

    async def get(
        self, ids: Sequence[str], *, tenant: str | None = None, collection: str | None = None
    ) -> list[Document]: ...


def own_collection(dataset: Dataset, settings: Settings) -> Settings:
    """The settings with the set's collection: another corpus or embedding model has another one.

    As the settings' collection, not the run's: what a graph keeps beside the passages (CoT-RAG's
    cases) is kept apart from the user's own too.
    """
    model = settings.embedding
    parts = [model.provider, model.model, model.dimensions]
    parts += [model.query_prefix, model.document_prefix, dataset.corpus_hash()]
    mark = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:10]
    slug = re.sub(r"[^A-Za-z0-9]+", "_", dataset.name).strip("_")[:60]
    name = "_".join(part for part in ("eval", slug, mark) if part)
    return settings.model_copy(
        update={
            "store": settings.store.model_copy(update={"collection": name}),
            "context": settings.context.model_copy(update={"collection": None}),
        }
    )


async def fill(
    store: EvalStore, dataset: Dataset, settings: Settings, on_stocked: OnStocked
) -> None:
    """Write what is not there yet; a killed filling goes on where it stopped. Raises StoreError."""
    tenant, wanted = settings.context.tenant, dataset.documents
    held = await store.count(tenant=tenant)
    on_stocked(held, len(wanted))
    if held >= len(wanted):
        return
    for start in range(0, len(wanted), _BATCH):
        batch = [passage(one) for one in wanted[start : start + _BATCH]]
        known: set[str | None] = set()
        if held:
            ids = [str(one.id) for one in batch]
            known = {one.id for one in await store.get(ids, tenant=tenant)}
        await store.upsert([one for one in batch if one.id not in known], tenant=tenant)
        on_stocked(min(start + _BATCH, len(wanted)), len(wanted))


async def stocked(store: EvalStore, settings: Settings) -> list[Document]:
    """The passages that the user's store holds. Raises InputError for none."""
    context = settings.context
    held = await store.documents(tenant=context.tenant, collection=context.collection)
    if not held:
        raise InputError(
            "The store holds no passages to answer from.",
            remedy="Ingest the documents with `churon ingest PATH`, or name a set with a corpus.",
        )
    return held


def source(held: Document) -> Source:
    """A passage of the store as a document, for the hash of them all."""
    title = str(held.metadata.get("title", ""))
    return Source(id=str(held.id), title=title, text=held.page_content)


def names_of(held: Sequence[Document]) -> set[str]:
    """Their ids and their documents' names, as gold evidence names them."""
    names = (str(one.metadata.get("document", "")) for one in held)
    return {*(str(one.id) for one in held), *map(spelt, names)}


def passage(source: Source) -> Document:
    """A document of the corpus as one passage under its own id."""
    return Document(
        id=source["id"],
        page_content=source["text"],
        metadata={
            "document": source["id"],
            "title": source["title"],
            "start": 0,
            "end": len(source["text"]),
        },
    )
