"""How a passage is laid out in Milvus, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.documents import Document

from churon.tools.errors import StoreError
from churon.tools.korean import analyse, detect_language

KEY, TEXT, TERMS, DENSE, SPARSE = "pk", "text", "terms", "dense", "sparse"
READ = (KEY, TEXT, "id", "tenant", "metadata")
"""Columns that a passage is rebuilt from."""
SCORES = ("dense_score", "bm25_score", "retrieval_score")
"""Metadata that a search adds and a write leaves out."""
MAX_BYTES = 65_535
"""Milvus's limit for a text column."""


def to_row(document: Document, tenant: str, *, terms: bool) -> Document:
    """The passage with Milvus's columns as metadata and the primary key as id.

    Ids are unique within a tenant, so the key holds both. Raises StoreError naming the passage.
    """
    if not document.id:
        raise StoreError(
            f"A passage has no id: {document.page_content[:60]!r}.", remedy="Set Document.id."
        )
    _check_lengths(document.id, [_key(tenant, document), document.page_content])
    metadata = {name: value for name, value in document.metadata.items() if name not in SCORES}
    claimed = metadata.pop("tenant", tenant)
    if claimed != tenant:
        raise StoreError(
            f"The passage {document.id!r} belongs to tenant {claimed!r}, not {tenant!r}.",
            remedy="Pass that tenant to the write.",
        )
    columns: dict[str, Any] = {
        "id": document.id,
        "tenant": tenant,
        "document": str(metadata.get("document", "")),
        # so that a search can be kept to the passages of one language
        "detected_language": detect_language(document.page_content),
        "metadata": _checked_json(document.id, metadata),
    }
    if terms:
        title = str(metadata.get("title", ""))
        columns[TERMS] = analyse(f"{title}\n{document.page_content}")
        _check_lengths(document.id, [columns[TERMS]])
    return Document(id=_key(tenant, document), page_content=document.page_content, metadata=columns)


def to_passage(columns: Mapping[str, Any], scores: Mapping[str, float | None]) -> Document:
    """A passage from Milvus's columns, with what the search found out about it."""
    metadata = {**columns["metadata"], **scores}
    if columns["tenant"]:
        metadata["tenant"] = columns["tenant"]
    return Document(id=columns["id"], page_content=columns[TEXT], metadata=metadata)


def last_by_id(documents: Sequence[Document]) -> list[Document]:
    """The documents without those that a later one of the same id replaces."""
    return list({document.id: document for document in documents}.values())


def _key(tenant: str, document: Document) -> str:
    return f"{len(tenant)}:{tenant}{document.id}"  # the length keeps tenant and id apart


def _checked_json(id_: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    try:
        encoded = json.dumps(metadata, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"The metadata of passage {id_!r} is not plain data: {error}.",
            remedy="Use text, finite numbers, booleans, lists and objects.",
        ) from error
    _check_lengths(id_, [encoded])
    loaded: dict[str, Any] = json.loads(encoded)
    return loaded


def _check_lengths(id_: str, values: Sequence[str | bytes]) -> None:
    for value in values:
        try:
            size = len(value if isinstance(value, bytes) else value.encode())
        except UnicodeEncodeError as error:
            raise StoreError(
                f"The passage {id_[:80]!r} holds half a surrogate pair, which is no character.",
                remedy="Decode the document with the right encoding.",
            ) from error
        if size > MAX_BYTES:
            raise StoreError(
                f"The passage {id_[:80]!r} has a value of {size} bytes; Milvus takes {MAX_BYTES}.",
                remedy="Split it into smaller chunks.",
            )
