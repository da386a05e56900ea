"""One Milvus collection: its schema, and langchain-milvus's views of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langchain_core.embeddings import Embeddings

from churon.tools.errors import StoreError
from churon.tools.settings import StoreSettings
from churon.tools.store import intact
from churon.tools.store.connect import Connection
from churon.tools.store.rows import DENSE, KEY, MAX_BYTES, READ, SPARSE, TERMS, TEXT

if TYPE_CHECKING:
    from langchain_milvus import BM25BuiltInFunction, Milvus

_BM25_INDEX = {
    "index_type": "SPARSE_INVERTED_INDEX",
    "metric_type": "BM25",
    "params": {"inverted_index_algo": "DAAT_MAXSCORE", "bm25_k1": 1.2, "bm25_b": 0.75},
}
_BM25_SEARCH = {"metric_type": "BM25", "params": {}}


@dataclass(frozen=True)
class Collection:
    """langchain-milvus's views of one collection, which index, load, write and search it.

    Dense and BM25 are separate views because langchain-milvus answers a view of both vectors with
    the server's own fusion only, which loses the two scores.
    """

    writer: Milvus
    dense: Milvus
    bm25: Milvus | None
    """None where the server has no full-text search."""


def open_collection(
    connection: Connection, settings: StoreSettings, name: str, embeddings: Embeddings
) -> Collection:
    """Views of an existing collection; missing indexes are built and it is loaded. Blocking."""
    from churon.tools.store.view import View

    def view(model: Embeddings | None, vectors: list[str], **more: Any) -> Milvus:
        return View(
            model,
            collection_name=name,
            connection_args=connection.arguments,
            primary_field=KEY,
            text_field=TEXT,
            vector_field=vectors,
            index_params=[indexes[vector] for vector in vectors],
            search_params=[searches[vector] for vector in vectors],
            **more,
        )

    dense_index = {"M": settings.m, "efConstruction": settings.ef_construction}
    indexes = {
        DENSE: {"index_type": "HNSW", "metric_type": "IP", "params": dense_index},
        SPARSE: _BM25_INDEX,
    }
    searches = {DENSE: dense_search(1), SPARSE: _BM25_SEARCH}
    if not connection.bm25:
        return Collection(view(embeddings, [DENSE]), _reading(view(embeddings, [DENSE])), None)
    bm25 = {"builtin_function": _bm25_function()}
    # First the view of both vectors: a server loads a collection only when all are indexed
    writer = view(embeddings, [DENSE, SPARSE], **bm25)
    return Collection(
        writer, _reading(view(embeddings, [DENSE])), _reading(view(None, [SPARSE], **bm25))
    )


def create(connection: Connection, name: str, dimensions: int) -> None:
    """Make the empty collection; the views index it. Blocking."""
    from pymilvus import DataType

    if connection.file:
        intact.clear(connection.file, name)
    schema = connection.client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field(KEY, DataType.VARCHAR, is_primary=True, max_length=MAX_BYTES)
    for column in (TEXT, "id", "tenant", "document", "detected_language"):
        schema.add_field(column, DataType.VARCHAR, max_length=MAX_BYTES)
    schema.add_field("metadata", DataType.JSON)
    schema.add_field(DENSE, DataType.FLOAT_VECTOR, dim=dimensions)
    if connection.bm25:
        schema.add_field(TERMS, DataType.VARCHAR, max_length=MAX_BYTES, enable_analyzer=True)
        schema.add_field(SPARSE, DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(_bm25_function().function)
    connection.client.create_collection(name, schema=schema, consistency_level="Session")


def check(connection: Connection, name: str, dimensions: int) -> None:
    """Raise StoreError where an existing collection is not one that we can use. Blocking."""
    description: dict[str, Any] = connection.client.describe_collection(name)
    fields = {entry["name"]: entry for entry in description["fields"]}
    if missing := sorted({DENSE, *READ} - fields.keys()):
        raise StoreError(
            f"The collection {name!r} was not made by churon: it lacks {', '.join(missing)}.",
            remedy="Set store.collection to another name.",
        )
    held = int(fields[DENSE]["params"]["dim"])
    if held != dimensions:
        raise StoreError(
            f"The collection {name!r} holds vectors of {held} dimensions and the embedding model "
            f"gives {dimensions}.",
            remedy="Set embedding.dimensions and embedding.model as they were, or set "
            "store.collection to a new name and run `churon ingest PATH`.",
        )


def dense_search(ef: int) -> dict[str, Any]:
    """Search parameters of the HNSW index."""
    return {"metric_type": "IP", "params": {"ef": ef}}


def _bm25_function() -> BM25BuiltInFunction:
    from langchain_milvus import BM25BuiltInFunction

    return BM25BuiltInFunction(
        input_field_names=TERMS, output_field_names=SPARSE, function_name="bm25_of_terms"
    )


def _reading(view: Milvus) -> Milvus:
    # By default every column comes back, the other view's vectors among them
    view.fields = list(READ)
    return view
