"""What late-interaction reranking adds to dense search: nDCG@5, paired intervals, CPU time.

    python benchmarks/late_interaction.py --data DIR --models DIR [--cache DIR] SET...

DIR/SET holds corpus.jsonl, queries.jsonl and qrels.tsv (BEIR's layout). Dense search is exhaustive;
BM25 (k1 1.2, b 0.75) runs on churon's own analysis; the first 20 of each are reranked. Questions
without a relevant passage are left out. Intervals: 95 %, paired bootstrap over questions.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.documents import Document

from churon.tools.korean import analyse
from churon.tools.models.e5 import E5Embeddings
from churon.tools.rerank.late_interaction import LateInteractionScorer, z_scores

TOP = 20
DEPTH = 5
Ranking = list[int]


@dataclass(frozen=True)
class Dataset:
    """One set; `relevant[i]` maps passage numbers to grades for question i."""

    name: str
    passages: list[str]
    questions: list[str]
    relevant: list[dict[int, int]]


def read(folder: Path) -> Dataset:
    corpus, queries = rows(folder / "corpus.jsonl"), rows(folder / "queries.jsonl")
    number = {row["_id"]: n for n, row in enumerate(corpus)}
    judged: dict[str, dict[int, int]] = {}
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
        query, passage, grade = line.split("\t")
        if int(grade) > 0:
            judged.setdefault(query, {})[number[passage]] = int(grade)
    asked = [row for row in queries if row["_id"] in judged]
    return Dataset(
        folder.name,
        [row["text"] for row in corpus],
        [row["text"] for row in asked],
        [judged[row["_id"]] for row in asked],
    )


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


class Embedded:
    """Vectors of a whole set, computed once; serves token vectors like the model itself."""

    def __init__(self, model: E5Embeddings, data: Dataset, cache: Path | None) -> None:
        self._model = model
        self._rows: dict[str, Any] = {}
        self.questions = np.array(model.embed_queries(data.questions))
        self.passages = self._load(data, cache)

    def token_vectors(self, texts: Sequence[str], prefix: str) -> list[Any]:
        if all(prefix + text in self._rows for text in texts):
            return [self._rows[prefix + text].astype(np.float32) for text in texts]
        return self._model.token_vectors(texts, prefix)

    def _load(self, data: Dataset, cache: Path | None) -> Any:
        file = cache / f"{data.name}.npz" if cache else None
        if file and file.is_file():
            with np.load(file) as held:
                pooled, flat, ends = held["pooled"], held["tokens"], held["ends"]
        else:
            pairs = [self._model.embed_with_tokens([p], "passage: ") for p in data.passages]
            pooled = np.concatenate([pool for pool, _ in pairs])
            flat = np.concatenate([tokens[0].astype(np.float16) for _, tokens in pairs])
            ends = np.cumsum([len(tokens[0]) for _, tokens in pairs])
            if file:
                np.savez(file, pooled=pooled, tokens=flat, ends=ends)
        for text, one in zip(data.passages, np.split(flat, ends[:-1]), strict=True):
            self._rows["passage: " + text] = one
        return pooled


def bm25(passages: Sequence[str], questions: Sequence[str]) -> Any:
    """Scores (questions, passages) with Lucene's idf."""
    counts = [Counter(analyse(text).split()) for text in passages]
    lengths = np.array([sum(count.values()) for count in counts])
    norm = 1.2 * (0.25 + 0.75 * lengths / lengths.mean())
    postings: dict[str, list[tuple[int, int]]] = {}
    for n, count in enumerate(counts):
        for term, times in count.items():
            postings.setdefault(term, []).append((n, times))
    scores = np.zeros((len(questions), len(passages)))
    for q, question in enumerate(questions):
        for term in set(analyse(question).split()) & postings.keys():
            at, times = np.array(postings[term]).T
            idf = np.log(1 + (len(passages) - len(at) + 0.5) / (len(at) + 0.5))
            scores[q, at] += idf * times * 2.2 / (times + norm[at])
    return scores


def ndcg(ranking: Ranking, relevant: dict[int, int]) -> float:
    def gain(grades: Sequence[int]) -> float:
        return sum((2**g - 1) / np.log2(n + 2) for n, g in enumerate(grades[:DEPTH]))

    found = [relevant.get(passage, 0) for passage in ranking]
    return gain(found) / gain(sorted(relevant.values(), reverse=True))


def best(scores: Any) -> Ranking:
    ranking: Ranking = np.argsort(-np.asarray(scores), kind="stable")[:TOP].tolist()
    return ranking


Arms = Iterator[tuple[str, Callable[[int], Ranking]]]


def arms(data: Dataset, dense: Any, lexical: Any, scorer: LateInteractionScorer) -> Arms:
    """Name and ranking function of each arm; the first is what the others are held against."""
    fused = np.array(
        [np.add(z_scores(d), z_scores(b)) for d, b in zip(dense, lexical, strict=True)]
    )

    def reranked(first: Any, *signals: str) -> Callable[[int], Ranking]:
        known = {"dense_score": dense, "bm25_score": lexical}

        def rank(q: int) -> Ranking:
            found = best(first[q])
            scores = scorer.score(
                data.questions[q],
                [
                    Document(data.passages[n], metadata={s: float(known[s][q, n]) for s in signals})
                    for n in found
                ],
            )
            return [found[n] for n in np.argsort(-np.array(scores), kind="stable")]

        return rank

    both = ("dense_score", "bm25_score")
    yield "dense", lambda q: best(dense[q])
    yield "BM25", lambda q: best(lexical[q])
    yield "dense + BM25 (z-scores)", lambda q: best(fused[q])
    yield "dense, then MaxSim", reranked(dense)
    yield "dense, then late interaction", reranked(dense, *both)
    yield "dense + BM25, then late interaction", reranked(fused, *both)


def interval(differences: Any) -> tuple[float, float]:
    draws = np.random.default_rng(7).integers(0, len(differences), (10_000, len(differences)))
    low, high = np.percentile(differences[draws].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def milliseconds(model: E5Embeddings, data: Dataset, dense: Any) -> tuple[float, float]:
    """Median CPU time of 15 questions: (token vectors recomputed, all of them cached)."""
    scorer = LateInteractionScorer(model)
    cold, warm = [], []
    for q in range(min(15, len(data.questions))):
        documents = [Document(data.passages[n]) for n in best(dense[q])]
        scorer.cache.clear()
        for times in (cold, warm):
            started = time.process_time()
            scorer.score(data.questions[q], documents)
            times.append(time.process_time() - started)
    return float(np.median(cold) * 1e3), float(np.median(warm) * 1e3)


def report(data: Dataset, model: E5Embeddings, cache: Path | None) -> None:
    vectors = Embedded(model, data, cache)
    dense = vectors.questions @ vectors.passages.T
    lexical = bm25(data.passages, data.questions)
    scorer = LateInteractionScorer(vectors, cache_bytes=2_000_000_000)
    print(f"\n{data.name}: n = {len(data.questions)} questions, {len(data.passages)} passages\n")
    print(f"| arm | nDCG@{DEPTH} | over dense (95 %) |\n|---|---|---|")
    base: Any = None
    for name, rank in arms(data, dense, lexical, scorer):
        values = np.array([ndcg(rank(q), data.relevant[q]) for q in range(len(data.questions))])
        base = values if base is None else base
        low, high = interval(values - base)
        gain = f"{(values - base).mean():+.3f} ({low:+.3f}..{high:+.3f})"
        print(f"| {name} | {values.mean():.3f} | {gain if name != 'dense' else '-'} |")
    cold, warm = milliseconds(model, data, dense)
    print(f"\nCPU time per question of {TOP} passages: {cold:.0f} ms, {warm:.1f} ms once cached")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="keeps the sets' vectors for further runs")
    args = parser.parse_args()
    if args.cache:
        args.cache.mkdir(parents=True, exist_ok=True)
    for name in args.sets:
        # One text a batch: no padding; one thread: CPU time without idle workers
        model = E5Embeddings(args.models, batch=1, threads=1)
        report(read(args.data / name), model, args.cache)


if __name__ == "__main__":
    main()
