"""churon's own time per question: graph, store and ledger, with models that take none.

    python benchmarks/overhead.py -n 200

self_rag's short form over Milvus Lite in a temporary folder, a scripted chat model and hashed
vectors. "bare" is the same searches without a graph, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from langchain_core.documents import Document
from support.ferry import QUESTION, TEXTS, model
from support.hashing import HashingEmbeddings
from support.world import settings, world

from churon.graphs.registry import build_graph
from churon.tools.account import no_account
from churon.tools.settings import StoreSettings
from churon.tools.store import Store

DIMENSIONS = 64


async def times(work: Callable[[], Awaitable[Any]], n: int) -> list[float]:
    """Milliseconds of `n` runs after three to warm up."""
    measured = []
    for turn in range(n + 3):
        began = time.perf_counter()
        await work()
        if turn >= 3:
            measured.append((time.perf_counter() - began) * 1e3)
    return measured


def row(name: str, measured: list[float]) -> str:
    cuts = statistics.quantiles(measured, n=20)
    return f"| {name} | {len(measured)} | {statistics.median(measured):.1f} | {cuts[18]:.1f} |"


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=200, help="questions")
    parser.add_argument("--passages", type=int, default=2_000)
    args = parser.parse_args()
    documents = [
        Document(id=f"d{n}", page_content=f"{TEXTS[n % 3]} Note {n}.", metadata={"document": "d"})
        for n in range(args.passages)
    ]
    with tempfile.TemporaryDirectory() as folder:
        wanted = StoreSettings(uri=str(Path(folder) / "m.db"))
        store = Store.open(wanted, HashingEmbeddings(DIMENSIONS), DIMENSIONS)
        await store.upsert(documents)
        toolkit = world(model(), store=store, cross_language=True)
        graph = build_graph("self_rag", toolkit)
        questions = iter(range(10**9))

        async def bare() -> None:
            run = toolkit.run(f"bare{next(questions)}", None, no_account())
            await run.search(QUESTION, None)

        async def whole() -> None:
            output = await graph.ainvoke({"question": QUESTION})
            assert output["claims"]

        print(
            "| self_rag short form, k2 = " + str(settings().context.k2) + " | n | p50 ms | p95 ms |"
        )
        print("|---|---|---|---|")
        searches = await times(bare, args.n)
        runs = await times(whole, args.n)
        print(row("search alone", searches))
        print(row("whole run", runs))
        print(f"\ngraph and ledger: {statistics.median(runs) - statistics.median(searches):.1f} ms")
        store.close()


if __name__ == "__main__":
    asyncio.run(main())
