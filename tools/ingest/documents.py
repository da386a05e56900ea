"""Which documents were ingested, and how they are taken out of the store again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from churon.tools.errors import InputError
from churon.tools.ingest.manifest import Entry, Manifest
from churon.tools.ingest.report import DocumentReport, IngestReport, Outcome
from churon.tools.ingest.unlisted import Listing, with_unlisted
from churon.tools.ingest.walk import absolute, below, key_of
from churon.tools.korean import spelt


class Deleting(Listing, Protocol):
    """What is needed of `tools.store.Store`."""

    async def delete(
        self, ids: Sequence[str], *, tenant: str | None = None, collection: str | None = None
    ) -> int: ...


def documents(
    manifest: Path, *, tenant: str | None = None, collection: str | None = None
) -> IngestReport:
    """Every file that an ingest has seen and not removed, as it left it, in order of path.

    Blocking. Raises IngestError for an unusable manifest.
    """
    if not manifest.exists():
        return IngestReport(())
    book = Manifest(manifest, collection or "", tenant or "", reads=True)
    try:
        entries = book.entries()
    finally:
        book.close()
    return IngestReport(tuple(_report(entries[key]) for key in sorted(entries)))


async def forget(
    paths: Sequence[Path] | None,
    store: Deleting,
    *,
    manifest: Path,
    tenant: str | None = None,
    collection: str | None = None,
) -> IngestReport:
    """Remove these files, all below these folders, or with None everything; files stay on disk.

    Passages of files here that a lost manifest listed are removed too; on a server, where they may
    be another machine's, only those of files and folders that are named.
    Raises InputError, and removes nothing, for a path of which nothing was ingested.
    """
    book = Manifest(manifest, collection or "", tenant or "")
    try:
        scope = {"tenant": tenant, "collection": collection}
        entries = book.entries()
        if paths is not None or not store.shared:
            entries = await with_unlisted(store, entries, scope, paths)
        gone = _checked(paths, entries)
        return IngestReport(tuple(await removed(store, book, entries, gone, scope)))
    finally:
        book.close()


async def removed(
    store: Deleting,
    book: Manifest,
    entries: Mapping[str, Entry],
    gone: Iterable[str],
    scope: Mapping[str, Any],
) -> list[DocumentReport]:
    """Delete these files' passages, then their rows: a kill in between leaves rows, not orphans."""
    keys = sorted(gone)
    if ids := [id_ for key in keys for id_ in entries[key].chunks]:
        await store.delete(ids, **scope)
    book.forget(keys)
    return [DocumentReport(entries[key].document, "removed") for key in keys]


def _checked(paths: Sequence[Path] | None, entries: Mapping[str, Entry]) -> list[str]:
    if paths is None:
        return list(entries)
    gone: list[str] = []
    for path in paths:
        root, listed = key_of(absolute(path)), spelt(path.as_posix())
        held = [key for key in entries if below(spelt(key), spelt(root))]
        # or as it is listed, which is relative to the folder where it was ingested
        held = held or _listed(path, listed, entries)
        if not held:
            raise InputError(
                f"Nothing was ingested from {str(path)!r}.", remedy="See `churon documents list`."
            )
        gone += held
    return list(dict.fromkeys(gone))


def _listed(path: Path, name: str, entries: Mapping[str, Entry]) -> list[str]:
    held = [key for key, one in entries.items() if below(spelt(one.document), name)]
    if len({entries[key].document for key in held}) < len(held):
        raise InputError(
            f"{str(path)!r} stands for files of several folders: {', '.join(held[:4])}.",
            remedy="Write the whole path.",
        )
    return held


_UNFINISHED = "Reading it was broken off; run `churon ingest` again."


def _report(entry: Entry) -> DocumentReport:
    if entry.outcome == "pending":  # of its passages only these are known to be written
        written = sum(map(bool, entry.chunks.values()))
        return DocumentReport(entry.document, "unfinished", written, _UNFINISHED)
    outcomes: dict[str, Outcome] = {"failed": "failed", "skipped": "skipped"}
    outcome = outcomes.get(entry.outcome, "unchanged")
    return DocumentReport(entry.document, outcome, len(entry.chunks), entry.error)
