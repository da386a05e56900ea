"""Passages of files here that the manifest does not list, because it was lost and begun anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from langchain_core.documents import Document

from churon.tools.ingest.manifest import Entry
from churon.tools.ingest.passages import is_of
from churon.tools.ingest.walk import here, key_of


class Listing(Protocol):
    """What is needed of `tools.store.Store`."""

    async def documents(
        self, *, tenant: str | None = None, collection: str | None = None
    ) -> list[Document]: ...

    @property
    def shared(self) -> bool: ...


async def with_unlisted(
    store: Listing, entries: Mapping[str, Entry], scope: Mapping[str, Any]
) -> dict[str, Entry]:
    """The manifest's rows, and a pending one of each file whose passages it does not list.

    A passage's id depends on its file's whole path: what was ingested from another working folder,
    or written by a program, is none of ours.
    """
    held = await store.documents(**{**scope, "tenant": scope["tenant"] or ""})
    alike = Counter((_document(one), one.page_content) for one in held)
    listed = {id_ for entry in entries.values() for id_ in entry.chunks}
    rows, folder = dict(entries), here()
    for passage in held:
        document = _document(passage)
        key = key_of(folder / document)
        most = alike[document, passage.page_content]
        if passage.id in listed or not is_of(key, passage, most):
            continue
        row = rows.get(key) or Entry(key, document, "", "", "pending")
        rows[key] = replace(row, chunks={**row.chunks, str(passage.id): ""})
    return rows


async def found_again(store: Listing, scope: Mapping[str, Any]) -> dict[str, Entry]:
    """The rows for a manifest that lists nothing.

    None on a server: another machine may have ingested the same path. What a lost manifest leaves
    there, only `forget` of that path removes.
    """
    return {} if store.shared else await with_unlisted(store, {}, scope)


def _document(passage: Document) -> str:
    return str(passage.metadata.get("document", ""))
