"""`ingest`: bring the store in line with the files, writing only what differs."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from langchain_core.documents import Document

from churon.tools.errors import IngestError
from churon.tools.ingest.change import Change, failure, indexed
from churon.tools.ingest.documents import Deleting, removed
from churon.tools.ingest.manifest import Entry, Manifest
from churon.tools.ingest.passages import passages
from churon.tools.ingest.reader import Reader, ReaderUnavailable
from churon.tools.ingest.report import DocumentReport, IngestReport, Outcome, Progress
from churon.tools.ingest.unlisted import found_again
from churon.tools.ingest.walk import Found, absolute, below, key_of, shown, walk
from churon.tools.settings import IngestSettings

VERSION = "2"
"""Raise it when readers or splitter yield other chunks for the same bytes."""
_BATCH = 256
"""Passages gathered before the store is written: embedding is faster in batches."""
SLICE = 32
"""Passages of one write: a run that is to stop waits for no more than these."""
_SHAPING = ("chunk_chars", "chunk_chars_cjk", "overlap")
"""Settings that change the chunks of a file that was read well."""


class PassageStore(Deleting, Protocol):
    """What ingest needs of `tools.store.Store`."""

    async def upsert(
        self,
        documents: Sequence[Document],
        *,
        tenant: str | None = None,
        collection: str | None = None,
    ) -> None: ...

    async def count(self, *, tenant: str | None = None, collection: str | None = None) -> int: ...


async def ingest(
    paths: Sequence[Path],
    store: PassageStore,
    settings: IngestSettings,
    *,
    manifest: Path,
    tenant: str | None = None,
    collection: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    prune: bool = True,
    batch: int = SLICE,
) -> IngestReport:
    """Read files and folders into the store; a file that fails is reported and hides no other.

    With `prune`, files that are gone from below `paths` are removed from the store. `batch`: how
    many passages the embedding model takes at once, where that is more than `SLICE`. Raises
    IngestError with outcome "usage" for a path that is not there and never was, StoreError when
    the store fails (the next run then continues), IngestError for an unusable manifest or a reader
    that does not start.
    """
    book = Manifest(manifest, collection or "", tenant or "")
    try:
        scope = {"tenant": tenant, "collection": collection}
        entries = book.entries()
        if not entries:
            entries = await found_again(store, scope)
            book.save(entries.values())  # a run that breaks off leaves them to the next
        roots = _roots(paths, entries)
        # "": no tenant is one of its own here, as it is for what is written
        if await store.count(tenant=tenant or "", collection=collection) < _chunks(entries):
            entries = {path: _distrusted(entry) for path, entry in entries.items()}
        async with Reader(settings) as reader:
            found = await asyncio.to_thread(walk, paths)
            size = max(SLICE, batch)
            run = _Run(store, settings, book, reader, scope, entries, len(found), size, on_progress)
            return await run.all(found, roots if prune else [])
    finally:
        book.close()


@dataclass
class _Run:
    store: PassageStore
    settings: IngestSettings
    book: Manifest
    reader: Reader
    scope: dict[str, str | None]
    entries: dict[str, Entry]
    total: int
    slice: int
    on_progress: Callable[[Progress], None] | None
    reports: dict[str, DocumentReport] = field(default_factory=dict)
    staged: list[Change] = field(default_factory=list)

    async def all(self, found: dict[str, Found], pruned: list[str]) -> IngestReport:
        for key, file in found.items():
            change = await self._one(key, file)
            if isinstance(change, DocumentReport):
                self._done(key, change)
                continue
            self.staged.append(change)
            if sum(len(staged.writes) for staged in self.staged) >= max(_BATCH, self.slice):
                await self._flush()
        await self._flush()
        documents = [self.reports[key] for key in found]
        gone = await asyncio.to_thread(_gone, self.entries, found, pruned)
        dropped = await removed(self.store, self.book, self.entries, gone, self.scope)
        return IngestReport((*documents, *dropped))

    async def _one(self, key: str, file: Found) -> Change | DocumentReport:
        """What to write for one file, or why there is nothing to write."""
        entry, document = self.entries.get(key), shown(file.path)
        if file.error or file.reason:
            held = len(entry.chunks) if entry else 0
            outcome: Outcome = "failed" if file.error else "skipped"
            return DocumentReport(document, outcome, held, file.error or file.reason)
        limits = _hash(self.settings.model_dump_json().encode())
        try:
            content = await asyncio.to_thread(self._content, file.path)
        except OSError as error:
            kept = entry.chunks if entry else {}  # nothing says that the document has changed
            reason = f"The file cannot be opened: {error.strerror}."
            return failure(Entry(key, document, "", limits, "failed", reason, kept), entry)
        if entry and entry.content == content and (known := _known(entry, limits, file.named)):
            return known
        change = await self._read(
            file.path, Entry(key, document, content, limits, "indexed"), entry
        )
        if await self._is_still(file.path, content):
            return change
        # It was rewritten: nobody knows which bytes the reader saw, so the next run reads it again
        return replace(change, final=replace(change.final, content=""))

    async def _read(self, path: Path, fresh: Entry, entry: Entry | None) -> Change:
        try:
            reading = await self.reader.read(path)
        except ReaderUnavailable:
            raise
        except IngestError as error:
            if error.outcome == "unequipped":  # nothing that the file could change
                kept = replace(fresh, content="", chunks=entry.chunks if entry else {})
                return failure(replace(kept, outcome="failed", error=str(error)), entry)
            return failure(replace(fresh, outcome=error.outcome, error=str(error)), entry)
        return indexed(fresh, passages(fresh.path, fresh.document, reading), entry)

    async def _is_still(self, path: Path, content: str) -> bool:
        try:
            return await asyncio.to_thread(self._content, path) == content
        except OSError:
            return False

    def _content(self, path: Path) -> str:
        shaping = self.settings.model_dump_json(include=set(_SHAPING))
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_size > self.settings.max_bytes:  # refused unread: not worth hashing
                return _hash(f"{status.st_size} {status.st_mtime_ns}".encode())
            sha256 = hashlib.file_digest(file, "sha256").digest()
        return _hash(f"{VERSION} {shaping} ".encode(), sha256)

    async def _flush(self) -> None:
        staged, self.staged = self.staged, []
        self.book.save(change.pending for change in staged if change.touches_store)
        await self._write(staged)
        if vanished := [id_ for change in staged for id_ in change.vanished]:
            await self.store.delete(vanished, **self.scope)
        self.book.save(change.final for change in staged)
        for change in staged:
            self._done(change.final.path, change.report)

    async def _write(self, staged: list[Change]) -> None:
        """In slices; what was written when the run is stopped is not written again by the next."""
        passages = [passage for change in staged for passage in change.writes]
        passages.sort(key=lambda passage: len(passage.page_content))  # models pad to the longest
        written: set[str] = set()
        try:
            for start in range(0, len(passages), self.slice):
                await self._put(passages[start : start + self.slice], written)
        except asyncio.CancelledError:
            self.book.save(change.stopped(written) for change in staged if change.touches_store)
            raise

    async def _put(self, passages: list[Document], written: set[str]) -> None:
        writing = asyncio.ensure_future(self.store.upsert(passages, **self.scope))
        try:
            await asyncio.shield(writing)
        finally:  # also when stopped: the store must not be closed under the thread that writes
            await writing
            written |= {str(passage.id) for passage in passages}

    def _done(self, key: str, report: DocumentReport) -> None:
        self.reports[key] = report
        if self.on_progress is not None:
            self.on_progress(Progress(len(self.reports), self.total, report))


def _known(entry: Entry, limits: str, named: bool) -> DocumentReport | None:
    """The report of a file whose bytes are those of the last run, None when it is to be read."""
    if entry.outcome == "indexed" and all(entry.chunks.values()):
        return DocumentReport(entry.document, "unchanged", len(entry.chunks))
    if entry.outcome == "skipped" and not entry.chunks:
        return DocumentReport(entry.document, "skipped", 0, entry.error)
    if entry.outcome == "failed" and entry.limits == limits and not named and not entry.chunks:
        return DocumentReport(entry.document, "failed", 0, entry.error)
    return None


def _gone(entries: dict[str, Entry], found: dict[str, Found], pruned: list[str]) -> list[str]:
    """Known files below `pruned` that are there no more.

    What was named before and is passed over below a folder, a link or a hidden file, stays.
    """
    unlisted = [key for key, file in found.items() if file.error]
    return [
        key
        for key in entries
        if key not in found
        and any(below(key, root) for root in pruned)
        and not any(below(key, folder) for folder in unlisted)
        and not os.path.lexists(key)
    ]


def _roots(paths: Sequence[Path], entries: dict[str, Entry]) -> list[str]:
    roots = [key_of(absolute(path)) for path in paths]
    for given, root in zip(paths, roots, strict=True):
        if not os.path.lexists(absolute(given)) and not any(below(key, root) for key in entries):
            raise IngestError(
                f"There is no file or folder {str(given)!r}.",
                outcome="usage",
                remedy="Check the path.",
            )
    return roots


def _chunks(entries: dict[str, Entry]) -> int:
    return sum(len(entry.chunks) for entry in entries.values() if entry.outcome == "indexed")


def _distrusted(entry: Entry) -> Entry:
    # The store lost passages (a deleted file, a dropped collection): every one is written anew
    return replace(entry, chunks=dict.fromkeys(entry.chunks, ""))


def _hash(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()
