"""Dense and BM25 scores made into one ranking."""

from __future__ import annotations

import math
from collections.abc import Mapping

Scores = Mapping[str, float]
"""Passage id -> score, higher is better."""


def weighted(dense: Scores, bm25: Scores, dense_weight: float) -> dict[str, float]:
    """Weighted sum of z-scores over the union of both candidate lists.

    A passage that one list lacks gets that list's minimum: it scored no better than the last one.
    """
    ids = dense.keys() | bm25.keys()
    z_dense, z_bm25 = _z_scores(dense, ids), _z_scores(bm25, ids)
    return {i: dense_weight * z_dense[i] + (1 - dense_weight) * z_bm25[i] for i in ids}


def rrf(dense: Scores, bm25: Scores, k: int) -> dict[str, float]:
    """Reciprocal rank fusion (Cormack et al. 2009): the sum of 1 / (k + rank), rank from 1."""
    fused: dict[str, float] = {}
    for scores in (dense, bm25):
        for rank, id_ in enumerate(ranked(scores), start=1):
            fused[id_] = fused.get(id_, 0.0) + 1 / (k + rank)
    return fused


def ranked(scores: Scores) -> list[str]:
    """Ids from best to worst; ties in order of id, so that a search repeats exactly."""
    return sorted(scores, key=lambda id_: (-scores[id_], id_))


def _z_scores(scores: Scores, ids: set[str]) -> dict[str, float]:
    lowest = min(scores.values(), default=0.0)
    filled = {id_: scores.get(id_, lowest) for id_ in ids}
    mean = math.fsum(filled.values()) / max(len(filled), 1)
    variance = math.fsum((x - mean) ** 2 for x in filled.values()) / max(len(filled), 1)
    # Scores that differ by rounding only carry no information; dividing would amplify it
    deviation = math.sqrt(variance) if variance > 1e-18 else math.inf
    return {id_: (x - mean) / deviation for id_, x in filled.items()}
