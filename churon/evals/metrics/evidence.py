"""How much of the gold evidence a run read, in all its searches."""

from __future__ import annotations

from churon.evals.metrics.measure import Measure
from churon.evals.metrics.places import borne, overlaps, places
from churon.evals.types import Row


def evidence_recall(row: Row) -> float | None:
    """Share of the gold ids (of the spans, where a case has no ids) that passages read bear."""
    case, wanted = row["case"], places(row["case"])
    if not wanted or "read" not in row:
        return None
    return len(borne(case, row["read"])) / len(wanted)


def all_evidence(row: Row) -> float | None:
    """1 where nothing of it is missing: what a question of several hops needs."""
    found = evidence_recall(row)
    return None if found is None else float(found == 1)


def span_recall(row: Row) -> float | None:
    """Share of the gold spans that a passage read overlaps."""
    spans = row["case"]["spans"]
    if not spans or "read" not in row:
        return None
    return sum(any(overlaps(one, span) for one in row["read"]) for span in spans) / len(spans)


_NEEDS = "gold ids or spans; a row without error"
MEASURES = (
    Measure("evidence recall", _NEEDS, evidence_recall),
    Measure("all evidence", _NEEDS, all_evidence, binary=True),
    Measure("span recall", "gold spans; a row without error", span_recall),
)
