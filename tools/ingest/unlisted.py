"""Passages of files here that the manifest does not list, because it was lost and begun anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from langchain_core.documents import Document

from churon.tools.ingest.manifest import Entry
from churon.tools.ingest.passages import is_of
from churon.tools.ingest.walk import absolute, below, here, key_of
from churon.tools.korean import spelt
from churon.tools.types import Filter

_BATCH = 64
"""Documents whose passages are held in memory at once."""


class Listing(Protocol):
    """What is needed of `tools.store.Store`."""

    async def documents(
        self,
        *,
        filter: Filter | None = None,
        tenant: str | None = None,
        collection: str | None = None,
    ) -> list[Document]: ...

    async def sources(self, *, tenant: str, collection: str | None = None) -> Mapping[str, str]: ...

    @property
    def shared(self) -> bool: ...


async def with_unlisted(
    store: Listing,
    entries: Mapping[str, Entry],
    scope: Mapping[str, Any],
    paths: Sequence[Path] | None = None,
) -> dict[str, Entry]:
    """The manifest's rows, and a pending one of each file whose passages it does not list, of these
    paths or with None of all.

    A passage's id depends on its file's whole path: what was ingested from another working folder,
    or written by a program, is none of ours.
    """
    scope = {**scope, "tenant": scope["tenant"] or ""}
    listed = {id_ for entry in entries.values() for id_ in entry.chunks}
    sources = await store.sources(**scope)
    names = {document for id_, document in sources.items() if id_ not in listed}
    meant = sorted(names if paths is None else _meant(names, paths))
    rows = dict(entries)
    for start in range(0, len(meant), _BATCH):
        some: Filter = {"document": meant[start : start + _BATCH]}
        for key, passage in _of_files_here(await store.documents(filter=some, **scope)):
            if passage.id in listed:
                continue
            row = rows.get(key) or Entry(key, _document(passage), "", "", "pending")
            rows[key] = replace(row, chunks={**row.chunks, str(passage.id): ""})
    return rows


def _meant(names: Iterable[str], paths: Sequence[Path]) -> list[str]:
    """Documents that are these files or below these folders, by whole path or as they are named."""
    folder = here()
    roots = [spelt(key_of(absolute(path))) for path in paths]
    given = [spelt(path.as_posix()) for path in paths]
    return [
        name
        for name in names
        if any(below(spelt(key_of(folder / name)), root) for root in roots)
        or any(below(spelt(name), one) for one in given)
    ]


def _of_files_here(held: Sequence[Document]) -> Iterator[tuple[str, Document]]:
    """The passages of files that were ingested from this folder, each with its file's key."""
    folder = here()
    alike = Counter((_document(one), one.page_content) for one in held)
    for passage in held:
        key = key_of(folder / _document(passage))
        if is_of(key, passage, alike[_document(passage), passage.page_content]):
            yield key, passage


async def found_again(store: Listing, scope: Mapping[str, Any]) -> dict[str, Entry]:
    """The rows for a manifest that lists nothing.

    None on a server: another machine may have ingested the same path. What a lost manifest leaves
    there, only `forget` of that path removes.
    """
    return {} if store.shared else await with_unlisted(store, {}, scope)


def _document(passage: Document) -> str:
    return str(passage.metadata.get("document", ""))
