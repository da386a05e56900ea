"""Retrieval quality of the store: recall@5 and nDCG@10 for dense, BM25, fused and reranked.

    python benchmarks/retrieval.py DATA_FOLDER --models MODELS_FOLDER [--sets a,b] [--rerank]

A set is a folder with corpus.jsonl {_id, title, text}, queries.jsonl {_id, text} and qrels.tsv.
Questions without a judgement are left out. Prints one Markdown table.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ir_measures
from ir_measures import R, nDCG
from langchain_core.documents import Document

from churon.tools.models.e5 import E5Embeddings
from churon.tools.rerank.factory import open_reranker
from churon.tools.settings import Settings, StoreSettings
from churon.tools.store import Store, fusion

SETS = "en_singlehop_squad2,ko_singlehop_korquad,en_multihop_hotpotqa"
MEASURES = [R @ 5, nDCG @ 10, R @ 20]
WEIGHTS = (0.3, 0.4, 0.5, 0.6, 0.7)
POOL = 50
Run = dict[str, Mapping[str, float]]
"""Question id -> passage id -> score."""


@dataclass(frozen=True)
class Question:
    """One question with what the two searches found for it."""

    id: str
    text: str
    dense: dict[str, float]
    bm25: dict[str, float]


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """The records of a JSON-lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Question id -> passage id -> relevance."""
    judged: dict[str, dict[str, int]] = {}
    for line in path.read_text("utf-8").splitlines()[1:]:
        question, passage, relevance = line.split("\t")
        judged.setdefault(question, {})[passage] = int(relevance)
    return judged


async def fill(store: Store, name: str, rows: list[dict[str, Any]]) -> None:
    """Write the set's passages, unless an earlier run with this work folder did."""
    if await store.count(collection=name) == len(rows):
        return
    passages = [
        Document(
            id=row["_id"],
            page_content=row["text"] or row["title"],
            metadata={"title": row["title"], "document": row["_id"]},
        )
        for row in rows
    ]
    await store.upsert(passages, collection=name)


def subset(folder: Path, limit: int) -> tuple[list[dict[str, Any]], dict[str, dict[str, int]]]:
    """Passages and judgements: all, or `limit` passages and the judged ones of limit / 4 questions.

    The other passages are the first ones of the file, whose order is that of random ids.
    """
    rows, judged = read_jsonl(folder / "corpus.jsonl"), read_qrels(folder / "qrels.tsv")
    if not limit:
        return rows, judged
    kept = dict(sorted(judged.items())[: limit // 4])
    needed = {passage for relevances in kept.values() for passage in relevances}
    rows.sort(key=lambda row: row["_id"] not in needed)
    return rows[: max(limit, len(needed))], kept


async def ask(store: Store, name: str, id_: str, text: str) -> Question:
    """Both searches for one question."""

    async def scores(mode: Any) -> dict[str, float]:
        found = await store.search(text, k=POOL, ef=100, mode=mode, collection=name)
        return {str(one.id): one.metadata["retrieval_score"] for one in found}

    return Question(id_, text, await scores("dense"), await scores("bm25"))


def runs(questions: Iterable[Question]) -> dict[str, Run]:
    """Every ranking made from the two lists, by its name."""
    asked = list(questions)
    made: dict[str, Run] = {
        "dense": {q.id: q.dense for q in asked},
        "bm25": {q.id: q.bm25 for q in asked},
        "rrf 60": {q.id: fusion.rrf(q.dense, q.bm25, 60) for q in asked},
    }
    for weight in WEIGHTS:
        fused = {q.id: fusion.weighted(q.dense, q.bm25, weight) for q in asked}
        made[f"weighted {weight}"] = fused
    return made


async def reranked(
    store: Store, settings: Settings, name: str, questions: Iterable[Question]
) -> Run:
    """The store's own hybrid search, its best k1 reranked by the settings' reranker."""
    compressor = open_reranker(settings, store.embeddings.model)
    assert compressor is not None
    run: Run = {}
    for question in questions:
        found = await store.search(
            question.text, k=settings.context.k1, ef=settings.context.ef, collection=name
        )
        best = await compressor.rerank(question.text, found, settings.context.k1)
        run[question.id] = {str(one.id): -float(rank) for rank, one in enumerate(best)}
    return run


async def measure(store: Store, folder: Path, settings: Settings, rerank: bool, limit: int) -> None:
    """Print the rows of one set."""
    name = f"{folder.name}_{limit}" if limit else folder.name
    rows, judged = subset(folder, limit)
    await fill(store, name, rows)
    questions = [
        await ask(store, name, row["_id"], row["text"])
        for row in read_jsonl(folder / "queries.jsonl")
        if row["_id"] in judged
    ]
    made = runs(questions)
    if rerank:
        made["fused + rerank"] = await reranked(store, settings, name, questions)
    for ranking, run in made.items():
        values = ir_measures.calc_aggregate(MEASURES, judged, run)
        cells = " | ".join(f"{values[one]:.3f}" for one in MEASURES)
        print(f"| {name} | {len(questions)} | {ranking} | {cells} |", flush=True)


async def main() -> None:
    """Measure every set named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--sets", default=SETS)
    parser.add_argument("--rerank", action="store_true")
    parser.add_argument("--limit", type=int, default=0, help="passages of each set, 0 for all")
    parser.add_argument("--work", type=Path, help="keep the stores here for the next run")
    given = parser.parse_args()
    embeddings = E5Embeddings(given.models)
    print("| set | questions | ranking | " + " | ".join(map(str, MEASURES)) + " |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        place = StoreSettings(uri=str((given.work or Path(temporary)) / "retrieval.db"))
        store = await asyncio.to_thread(Store.open, place, embeddings, 384)
        try:
            for name in given.sets.split(","):
                await measure(store, given.data / name, Settings(), given.rerank, given.limit)
        finally:
            store.close()


if __name__ == "__main__":
    asyncio.run(main())
