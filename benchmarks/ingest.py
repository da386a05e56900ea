"""Passages per second and peak memory of ingest into Milvus Lite with multilingual-e5-small.

    python benchmarks/ingest.py --data DIR --models DIR [--passages 2000] SET...

DIR/SET/corpus.jsonl (BEIR's layout) is written out as Markdown files of twenty articles each,
enough for that many passages. Each set runs in a process of its own. "reading" is ingest into a
store that drops everything: reading and splitting alone; "again" is a second run over the same
files. Memory is the largest resident set of churon's process, and of any child of it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from langchain_core.documents import Document

from churon.tools.ingest.pipeline import PassageStore, ingest
from churon.tools.ingest.report import IngestReport
from churon.tools.settings import IngestSettings, StoreSettings
from churon.tools.types import Filter

ARTICLES_PER_FILE = 20


class Nowhere:
    """A store that drops everything."""

    shared = False

    async def upsert(
        self,
        documents: Sequence[Document],
        *,
        tenant: str | None = None,
        collection: str | None = None,
    ) -> None:
        """Drop."""

    async def delete(
        self, ids: Sequence[str], *, tenant: str | None = None, collection: str | None = None
    ) -> int:
        """Drop."""
        return 0

    async def count(self, *, tenant: str | None = None, collection: str | None = None) -> int:
        """As many as any manifest has."""
        return 1_000_000_000

    async def documents(
        self,
        *,
        filter: Filter | None = None,
        tenant: str | None = None,
        collection: str | None = None,
    ) -> list[Document]:
        """None."""
        return []

    async def sources(self, *, tenant: str, collection: str | None = None) -> dict[str, str]:
        """None."""
        return {}


def measure(corpus: Path, models: Path, passages: int) -> str:
    """One row of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        docs = write_documents(corpus, folder / "docs", passages)
        reading, seconds = timed(docs, Nowhere(), folder / "reading.sqlite")
        count = sum(document.chunks for document in reading.documents)
        whole, again = into_milvus(docs, models, folder)
    own, child = (resource.getrusage(who).ru_maxrss / 1024 for who in _WHO)
    return (
        f"| {corpus.parent.name} | {len(reading.documents)} | {count} | {count / seconds:,.0f} | "
        f"{count / whole:,.1f} | {whole:.1f} | {again:.2f} | {own:,.0f} | {child:,.0f} |"
    )


_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def into_milvus(docs: Path, models: Path, folder: Path) -> tuple[float, float]:
    """Seconds of the first and of the second run, the model's load left out."""
    from churon.tools.models.e5 import DIMENSIONS, E5Embeddings
    from churon.tools.store import Store

    embeddings = E5Embeddings(models)
    embeddings.embed_query("warm")
    store = Store.open(StoreSettings(uri=str(folder / "milvus.db")), embeddings, DIMENSIONS)
    try:
        _, first = timed(docs, store, folder / "manifest.sqlite")
        report, second = timed(docs, store, folder / "manifest.sqlite")
    finally:
        store.close()
    assert report.unchanged == len(report.documents), "the second run must write nothing"
    return first, second


def timed(docs: Path, store: PassageStore, manifest: Path) -> tuple[IngestReport, float]:
    """A run of ingest and its seconds."""
    started = time.perf_counter()
    report = asyncio.run(ingest([docs], store, IngestSettings(), manifest=manifest))
    assert not report.failed
    return report, time.perf_counter() - started


def write_documents(corpus: Path, folder: Path, passages: int) -> Path:
    """Markdown files that yield about `passages` chunks: at least one an article."""
    from churon.tools.ingest.extracted import Extracted
    from churon.tools.ingest.split import split

    folder.mkdir()
    articles, made = [], 0
    with corpus.open(encoding="utf-8") as lines:
        for line in lines:
            article = json.loads(line)
            text = f"# {article['title']}\n\n{article['text']}\n\n"
            articles.append(text)
            made += len(split(Extracted(text), IngestSettings()))
            if made >= passages:
                break
    parts = iter(articles)
    for number in range(0, len(articles), ARTICLES_PER_FILE):
        page = "".join(islice(parts, ARTICLES_PER_FILE))
        (folder / f"{number:06}.md").write_text(page, "utf-8")
    return folder


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--passages", type=int, default=2_000)
    parser.add_argument("sets", nargs="+")
    given = parser.parse_args()
    print(
        "| set | files | passages | reading /s | ingest /s | seconds | again s | MiB | child MiB |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name in given.sets:
        corpus = given.data / name / "corpus.jsonl"
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            print(pool.submit(measure, corpus, given.models, given.passages).result(), flush=True)


if __name__ == "__main__":
    main()
