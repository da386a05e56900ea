"""What a run of ingest did."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Outcome = Literal["new", "changed", "unchanged", "removed", "failed", "skipped", "unfinished"]


@dataclass(frozen=True)
class DocumentReport:
    """What became of one file."""

    path: str
    outcome: Outcome
    chunks: int = 0
    """Passages that the store holds of it now."""
    error: str = ""
    """Why it failed, was skipped or is unfinished, with the next action."""


@dataclass(frozen=True)
class Progress:
    """One more file is done."""

    done: int
    total: int
    document: DocumentReport


@dataclass(frozen=True)
class IngestReport:
    """All files of a run, in order of path; removed ones last."""

    documents: tuple[DocumentReport, ...]

    def _count(self, outcome: Outcome) -> int:
        return sum(document.outcome == outcome for document in self.documents)

    @property
    def held(self) -> int:
        """Documents to be had; what was skipped or removed is none."""
        return len(self.documents) - self.skipped - self.removed

    @property
    def new(self) -> int:
        return self._count("new")

    @property
    def changed(self) -> int:
        return self._count("changed")

    @property
    def unchanged(self) -> int:
        return self._count("unchanged")

    @property
    def removed(self) -> int:
        return self._count("removed")

    @property
    def failed(self) -> int:
        return self._count("failed")

    @property
    def skipped(self) -> int:
        return self._count("skipped")

    def as_json(self) -> dict[str, Any]:
        """The object that `churon ingest --json` prints."""
        counts = ("new", "changed", "unchanged", "removed", "failed", "skipped")
        return {
            "documents": [asdict(document) for document in self.documents],
            **{name: getattr(self, name) for name in counts},
        }
