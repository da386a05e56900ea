"""Search latency of the store on Milvus Lite: p50 and p95 at 2,000 and 20,000 passages.

    python benchmarks/search.py [--sizes 2000,20000] [--models MODELS_FOLDER]

Passages are random words; their vectors are sums of random word vectors (384 numbers), so that no
embedding time is in the figures. With --models, each question is also embedded with e5, and that
time is in the rows marked e5. Prints one Markdown table.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from churon.tools.settings import StoreSettings
from churon.tools.store import Mode, Store

DIMENSIONS, WORDS, LENGTH, QUESTIONS = 384, 5_000, 80, 100
MODES: tuple[Mode, ...] = ("hybrid", "dense", "bm25")


class WordSums(Embeddings):
    """The sum of a fixed random vector per word; `question_model` takes its time too."""

    def __init__(self, question_model: Embeddings | None = None) -> None:
        self.table = np.random.default_rng(7).standard_normal((WORDS, DIMENSIONS))
        self.question_model = question_model

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector per text of words "w0" to "w4999"."""
        return [self.table[[int(w[1:]) for w in text.split()]].sum(0).tolist() for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        if self.question_model:
            self.question_model.embed_query(text)
        return self.embed_documents([text])[0]


def passages(count: int) -> list[Document]:
    """Passages of Zipf-distributed words, the same ones for the same count."""
    draws = np.random.default_rng(count).zipf(1.3, (count, LENGTH)) % WORDS
    texts = [" ".join(f"w{word}" for word in row) for row in draws]
    return [
        Document(id=str(i), page_content=text, metadata={"document": f"{i // 20}.md", "page": 0})
        for i, text in enumerate(texts)
    ]


async def latencies(store: Store, mode: Mode, made: list[Document]) -> list[float]:
    """Milliseconds of each search, one after the other; questions are ten words of a passage."""
    times = []
    for document in made[:QUESTIONS]:
        question = " ".join(document.page_content.split()[:10])
        start = time.perf_counter()
        found = await store.search(question, k=20, ef=100, mode=mode)
        times.append((time.perf_counter() - start) * 1000)
        assert found
    return times[5:]  # the first ones open what later ones find open


async def measure(size: int, question_model: Embeddings | None) -> None:
    """Fill a store of its own and print its rows."""
    made = passages(size)
    with tempfile.TemporaryDirectory() as folder:
        settings = StoreSettings(uri=f"{folder}/search.db")
        store = await asyncio.to_thread(Store.open, settings, WordSums(), DIMENSIONS)
        start = time.perf_counter()
        await store.upsert(made)
        filled = time.perf_counter() - start
        rows = [(mode, store) for mode in MODES]
        if question_model:
            with_e5 = await asyncio.to_thread(
                Store.open, settings, WordSums(question_model), DIMENSIONS
            )
            rows.append(("hybrid", with_e5))
        for mode, opened in rows:
            p50, p95 = np.percentile(await latencies(opened, mode, made), [50, 95])
            label = mode if opened is store else f"{mode}, e5"
            print(f"| {size} | {label} | {p50:.1f} | {p95:.1f} | {size / filled:.0f} |", flush=True)
        for opened in {id(one): one for _, one in rows}.values():
            opened.close()


async def main() -> None:
    """Measure every size named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="2000,20000")
    parser.add_argument("--models", type=Path)
    given = parser.parse_args()
    model = None
    if given.models:
        from churon.tools.models.e5 import E5Embeddings

        model = E5Embeddings(given.models)
    print("| passages | search | p50 ms | p95 ms | passages written per second |")
    print("|---|---|---|---|---|")
    for size in given.sizes.split(","):
        await measure(int(size), model)


if __name__ == "__main__":
    asyncio.run(main())
