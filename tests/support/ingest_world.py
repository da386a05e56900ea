"""Ingests a test's documents into a test's store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.passage_store import FileStore

from churon.tools.ingest.pipeline import ingest
from churon.tools.ingest.report import IngestReport
from churon.tools.settings import IngestSettings

SETTINGS = IngestSettings(chunk_chars=100, chunk_chars_cjk=60, overlap=0)


async def run(store: FileStore, *paths: Path, **kwargs: Any) -> IngestReport:
    """Ingests the paths."""
    manifest = store.path.with_name("manifest.db")
    return await ingest(paths, store, kwargs.pop("settings", SETTINGS), manifest=manifest, **kwargs)


def outcomes(report: IngestReport) -> dict[str, str]:
    """File -> what became of it."""
    return {Path(d.path).name: d.outcome for d in report.documents}
