"""Workloads that are no single call: callers at once (W7), a reasoning loop (W8), tokenising."""

from __future__ import annotations

import asyncio
import math
import random
import statistics
import time
from collections import Counter
from types import SimpleNamespace
from typing import Any

import torch
from langchain_core.documents import Document
from rerank_engines import flag_scorer
from rerank_models import Texts

from churon.tools.rerank.cache import ScoreCache
from churon.tools.rerank.compressor import RerankCompressor
from churon.tools.rerank.encoder import EncoderScorer
from churon.tools.rerank.scorer import Scorer

Call = tuple[str, list[str]]
Best = list[tuple[str, float]]
"""Texts and scores, best first."""


def at_once(scorer: Scorer, calls: list[Call]) -> tuple[float, float, list[Best]]:
    """All calls at once through the compressor: CPU seconds, 95th percentile of waiting, and what
    each call got.
    """
    compressor = RerankCompressor(scorer=scorer, top_n=5)

    async def one(query: str, passages: list[str]) -> tuple[float, Best]:
        began = time.perf_counter()
        kept = await compressor.rerank(query, [Document(text) for text in passages])
        waited = time.perf_counter() - began
        return waited, [(one.page_content, one.metadata["rerank_score"]) for one in kept]

    async def everyone() -> list[tuple[float, Best]]:
        return list(await asyncio.gather(*(one(*call) for call in calls)))

    began = time.process_time()
    found = asyncio.run(everyone())
    spent = time.process_time() - began
    waited = [seconds for seconds, _ in found]
    return spent, statistics.quantiles(waited, n=20)[-1], [best for _, best in found]


def concurrent(model: str, texts: Texts, rounds: int, callers: int) -> dict[str, list[float]]:
    """W7: factors in CPU time against FlagEmbedding behind a lock, shares of its p95, and how far
    the scores of the best are apart, endless where they are other passages or in another order.
    """
    ours, theirs = EncoderScorer(model, device="cpu", dtype="float32"), flag_scorer(model)
    (
        at_once(ours, [texts.call(4, "lognormal")] * 2),
        at_once(theirs, [texts.call(4, "lognormal")] * 2),
    )
    found: dict[str, list[float]] = {"cpu": [], "p95": [], "apart": []}
    for _ in range(rounds):
        calls = [texts.call(20, "lognormal") for _ in range(callers)]
        our_cpu, our_p95, our_best = at_once(ours, calls)
        their_cpu, their_p95, their_best = at_once(theirs, calls)
        found["cpu"].append(their_cpu / our_cpu)
        found["p95"].append(our_p95 / their_p95)
        found["apart"] += map(_apart, our_best, their_best)
    return found


def _apart(ours: Best, theirs: Best) -> float:
    if [text for text, _ in ours] != [text for text, _ in theirs]:
        return math.inf
    return max(abs(a - b) for (_, a), (_, b) in zip(ours, theirs, strict=True))


def loop(model: str, texts: Texts, rounds: int) -> list[float]:
    """W8: pairs scored in six searches for one question, as a share of the pairs asked for.

    Each search is BM25 over 2,000 passages; it keeps two thirds of the last query's words and takes
    the rest from a passage found, as a rewrite does. Passages are ranked for the first question.
    """
    passages = [texts.of_length(120) for _ in range(2_000)]
    index, dice = _Bm25(passages), random.Random(1)
    shares = []
    for _ in range(rounds):
        scorer = EncoderScorer(model, device="cpu", dtype="float32", cache=ScoreCache(100_000))
        question = dice.sample(sorted(set(dice.choice(passages).split())), 12)
        words = list(question)
        for _ in range(6):
            found = index.search(words, 20)
            scorer.score(" ".join(question), [Document(text) for text in found])
            words = dice.sample(words, 8) + dice.sample(found[dice.randrange(5)].split(), 4)
        asked = scorer.cache.hits + scorer.cache.misses
        shares.append(scorer.cache.misses / asked)
        scorer.close()
    return shares


def tokenising(model: str, texts: Texts, rounds: int) -> list[float]:
    """Factors in CPU time for 100 passages with networks that return zeros, five a round."""
    ours, theirs = EncoderScorer(model, device="cpu", dtype="float32"), flag_scorer(model)
    ours._forward = lambda network, rows: torch.zeros(len(rows))  # type: ignore[method-assign]
    theirs._model.model = _Zeros()
    factors = []
    for round_ in range(5 * rounds + 1):
        query, passages = texts.call(100, "lognormal")
        documents = [Document(text) for text in passages]
        seconds = []
        for scorer in (ours, theirs):
            began = time.process_time()
            scorer.score(query, documents)
            seconds.append(time.process_time() - began)
        if round_:
            factors.append(seconds[1] / seconds[0])
    return factors


class _Zeros(torch.nn.Module):
    """A classifier that takes no time."""

    def forward(self, input_ids: Any, **_: Any) -> Any:
        return SimpleNamespace(logits=torch.zeros(len(input_ids), 1))


class _Bm25:
    """BM25 over words (Robertson and Zaragoza 2009), k1 = 1.2, b = 0.75."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts
        self._counts = [Counter(text.split()) for text in texts]
        self._mean = statistics.fmean(count.total() for count in self._counts)
        self._holders = Counter(word for count in self._counts for word in count)

    def search(self, words: list[str], most: int) -> list[str]:
        """The best texts."""
        scores = [self._score(words, count) for count in self._counts]
        best = sorted(range(len(scores)), key=lambda place: -scores[place])[:most]
        return [self._texts[place] for place in best]

    def _score(self, words: list[str], count: Counter[str]) -> float:
        norm = 1.2 * (0.25 + 0.75 * count.total() / self._mean)
        return sum(
            self._idf(word) * count[word] * 2.2 / (count[word] + norm) for word in set(words)
        )

    def _idf(self, word: str) -> float:
        holders = self._holders[word]
        return math.log(1 + (len(self._texts) - holders + 0.5) / (holders + 0.5))
