"""Late interaction on the embedding model's own token vectors: reranking without further weights.

MaxSim (Khattab and Zaharia 2020, "ColBERT", section 3.3): each query token finds its most similar
passage token; a passage's score is the mean of these similarities. Sentence embedders' token
vectors share one large common direction, so the mean token vector of the candidates is taken off
first. Dense and BM25 scores that the search left in the metadata are added as z-scores.

Multilingual embedders put passages in the question's language first, whatever they say: z-scores
are taken among the passages of one language, so that the best of each compete.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError
from typing import Protocol, runtime_checkable

import numpy as np
from langchain_core.documents import Document
from numpy.typing import NDArray

from churon.tools.korean import detect_language
from churon.tools.models.vectors import unit
from churon.tools.rerank.scorer import abandoned, readable
from churon.tools.rerank.token_cache import TokenCache, Vectors

Floats = NDArray[np.float32]

WEIGHTS = {"dense_score": 0.25, "bm25_score": 0.5}
"""Weights of the search's z-scores against 1 for MaxSim's, chosen on the development sets that
benchmarks/late_interaction.py reports (150 English and 150 Korean questions)."""


@runtime_checkable
class TokenEmbeddings(Protocol):
    """Embeddings that also give a vector for each token."""

    def token_vectors(self, texts: Sequence[str], prefix: str) -> list[Floats]:
        """One (tokens, dimensions) array a text with rows of length 1: the start token, the
        prefix's tokens, the text's, the end token.
        """
        ...


class LateInteractionScorer:
    """Scores are weighted sums of z-scores over the passages of one call, so they compare these
    passages only: they are no probability, and a lone passage scores 0. Thread-safe.
    """

    name = "late_interaction"

    def __init__(
        self,
        embeddings: TokenEmbeddings,
        *,
        query_prefix: str = "query: ",
        document_prefix: str = "passage: ",
        cache_bytes: int = 256_000_000,
    ) -> None:
        """`cache_bytes` bounds the memory for token vectors of passages seen before."""
        self.embeddings = embeddings
        self.query_prefix = query_prefix
        self.document_prefix = document_prefix
        self.cache = TokenCache(cache_bytes)
        self._one_call = threading.Lock()
        self._prefix_rows: dict[str, int] = {}

    def score(
        self, query: str, documents: Sequence[Document], top_n: int | None = None
    ) -> list[float]:
        """One fused score per document. Raises CancelledError when abandoned meanwhile."""
        if not documents:
            return []
        with self._one_call:  # a call fills the cores by itself
            if (nobody_waits := abandoned.get()) is not None and nobody_waits.is_set():
                raise CancelledError
            return self._fused_scores(query, documents)

    def _fused_scores(self, query: str, documents: Sequence[Document]) -> list[float]:
        similar = self.max_sim(query, [document.page_content for document in documents])
        languages = [detect_language(document.page_content) for document in documents]
        scores = [0.0] * len(documents)
        for language in set(languages):
            group = [n for n, spoken in enumerate(languages) if spoken == language]
            for index, fused in zip(group, _fused(similar, documents, group), strict=True):
                scores[index] = fused
        return scores

    def max_sim(self, query: str, texts: Sequence[str]) -> list[float]:
        """Centred MaxSim in [-1, 1] of the query to each text."""
        query, passages = readable(query), self._passages([readable(text) for text in texts])
        mean = _mean_row(passages)
        (rows,) = self.embeddings.token_vectors([query], self.query_prefix)
        start = self._rows_before(self.query_prefix)
        inner = rows[start:-1]
        question = unit((inner if len(inner) else rows) - mean)
        # One product a passage: a score must not depend on its neighbours' place in a batch
        return [float((question @ unit(one - mean).T).max(axis=1).mean()) for one in passages]

    def probability(self, score: float) -> float | None:
        """None: a score relative to its candidates says nothing about relevance by itself.

        Nor does raw MaxSim well enough to gate on: a logistic fit over the best five passages of
        300 development questions put 24 % (English) and 8 % (Korean) of the relevant below 0.2.
        """
        return None

    def close(self) -> None:
        """Forget the cached vectors; the embedding model belongs to others."""
        self.cache.clear()

    def _passages(self, texts: Sequence[str]) -> list[Floats]:
        """The texts' token vectors without the prefix's rows, through the cache."""
        held: dict[str, Vectors] = {}
        for text in dict.fromkeys(texts):
            if (known := self.cache.get(text)) is not None:
                held[text] = known
        start = self._rows_before(self.document_prefix)
        # Sorted and one by one: vectors depend on their batch by rounding, ranks must not
        for text in sorted(set(texts) - held.keys()):
            (rows,) = self.embeddings.token_vectors([text], self.document_prefix)
            held[text] = self.cache.put(text, rows[start:])
        return [held[text].astype(np.float32) for text in texts]

    def _rows_before(self, prefix: str) -> int:
        """Rows of the start token and the prefix, which are the same in all texts."""
        if prefix not in self._prefix_rows:
            (rows,) = self.embeddings.token_vectors([""], prefix)
            self._prefix_rows[prefix] = len(rows) - 1
        return self._prefix_rows[prefix]


def _fused(
    similar: Sequence[float], documents: Sequence[Document], group: list[int]
) -> list[float]:
    fused = z_scores([similar[n] for n in group])
    for name, weight in WEIGHTS.items():
        known = [documents[n].metadata.get(name) for n in group]
        fused = [a + weight * z for a, z in zip(fused, z_scores(_filled(known)), strict=True)]
    return fused


def z_scores(values: Sequence[float]) -> list[float]:
    """(x - mean) / standard deviation; zeros where all are equal. Exact sums: no order effects."""
    mean = math.fsum(values) / len(values)
    deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in values) / len(values))
    if deviation <= 1e-9 * max(1.0, abs(mean)):
        return [0.0] * len(values)
    return [(x - mean) / deviation for x in values]


def _filled(scores: Sequence[float | None]) -> list[float]:
    # What one of the two searches did not return scored no better there than its last hit
    lowest = min((x for x in scores if x is not None), default=0.0)
    return [lowest if x is None else float(x) for x in scores]


def _mean_row(passages: Sequence[Floats]) -> Floats:
    count = sum(len(one) for one in passages)
    sums = np.array([one.sum(axis=0, dtype=np.float64) for one in passages])
    sums.sort(axis=0)  # the order of adding must not depend on the order of the passages
    mean: Floats = (sums.sum(axis=0) / max(count, 1)).astype(np.float32)
    return mean
