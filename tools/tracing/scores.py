"""What a run says of its own answer, as scores: numbers, and the status as a word."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Any

_USAGE = ("calls", "tokens", "searches", "seconds", "cache_hits")
Score = float | str


def is_outcome(value: Any) -> bool:
    """The output of a graph that answers questions."""
    return isinstance(value, Mapping) and {"status", "claims", "usage"} <= value.keys()


def scores(outcome: Mapping[str, Any], candidates: Mapping[str, Any]) -> dict[str, Score]:
    """By name: `support` (mean of the sentences'), `relevance` (the best used passage's),
    `usefulness` (of the candidate that the answer is, Self-RAG only), status and usage.

    What nobody judged has no score.
    """
    claims, evidence = outcome["claims"], outcome.get("evidence") or {}
    ids = [key for claim in claims for key in claim["evidence_ids"]]
    support = _known(claim["support_score"] for claim in claims)
    relevance = _known(evidence[key]["relevance"] for key in ids if key in evidence)
    useful = _known(candidates[key].get("s_use") for key in ids if key in candidates)
    found: dict[str, Score] = {"status": str(outcome["status"])}
    if support:
        found["support"] = fmean(support)
    if relevance:
        found["relevance"] = max(relevance)
    if useful:
        found["usefulness"] = useful[0]
    usage = outcome["usage"] or {}
    return found | {name: float(usage[name]) for name in _USAGE if name in usage}


def _known(values: Any) -> list[float]:
    return [float(value) for value in values if value is not None]
