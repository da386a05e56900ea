"""What one file's new reading means for the store and the manifest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import cast

from langchain_core.documents import Document

from churon.tools.ingest.manifest import Entry
from churon.tools.ingest.passages import digest
from churon.tools.ingest.report import DocumentReport, Outcome


@dataclass(frozen=True)
class Change:
    """One file's writes and deletions, with its manifest row before and after them."""

    final: Entry
    report: DocumentReport
    writes: tuple[Document, ...] = ()
    """Passages that the store lacks, or holds with another span, page or heading."""
    vanished: tuple[str, ...] = ()
    """Ids of passages that the file no longer has."""

    @property
    def touches_store(self) -> bool:
        """Whether the store is to be written or deleted from."""
        return bool(self.writes or self.vanished)

    @property
    def pending(self) -> Entry:
        """The row while the store is being written: every id, none of them trusted."""
        return self.stopped(frozenset())

    def stopped(self, written: Collection[str]) -> Entry:
        """The row of a run that was stopped: every id, of which only these are trusted."""
        ids = dict.fromkeys([*self.final.chunks, *self.vanished], "")
        kept = {id_: digest for id_, digest in self.final.chunks.items() if id_ in written}
        return replace(self.final, outcome="pending", chunks={**ids, **kept})


def indexed(fresh: Entry, passages: Sequence[Document], before: Entry | None) -> Change:
    """A file that was read: write what differs from `before`, delete what is gone."""
    old = before.chunks if before else {}
    digests = {str(passage.id): digest(passage) for passage in passages}
    writes = tuple(p for p in passages if old.get(str(p.id)) != digests[str(p.id)])
    outcome: Outcome = "changed" if before and before.outcome == "indexed" else "new"
    return Change(
        replace(fresh, chunks=digests),
        DocumentReport(fresh.document, outcome, len(digests)),
        writes,
        tuple(id_ for id_ in old if id_ not in digests),
    )


def failure(fresh: Entry, before: Entry | None) -> Change:
    """A file that could not be read: what was known of it goes, unless `fresh` keeps it.

    An answer must not cite text that its file no longer holds.
    """
    old = before.chunks if before else {}
    report = DocumentReport(
        fresh.document, cast(Outcome, fresh.outcome), len(fresh.chunks), fresh.error
    )
    return Change(fresh, report, (), tuple(id_ for id_ in old if id_ not in fresh.chunks))
