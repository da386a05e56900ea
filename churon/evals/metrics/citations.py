"""What the answer's claims rest on: citations against gold evidence, and support.

Precision and recall of citations follow ALCE (Gao et al. 2023, arXiv 2305.14627, section 4.3), with
gold evidence in the place of an entailment model.
"""

from __future__ import annotations

from churon.evals.metrics.measure import Measure
from churon.evals.metrics.outcome import answered
from churon.evals.metrics.places import borne, places, relevant
from churon.evals.types import Passage, Row


def cited(row: Row) -> list[Passage]:
    """Passages read that a claim names, each once."""
    named = {key for claim in row.get("claims", []) for key in claim["evidence_ids"]}
    return list({one["id"]: one for one in row.get("read", []) if one["id"] in named}.values())


def citation_precision(row: Row) -> float | None:
    """Share of the passages cited that are relevant or overlap a gold span; an id that no passage
    read has is a wrong one. None without citations.
    """
    named = {key for claim in row.get("claims", []) for key in claim["evidence_ids"]}
    if not places(row["case"]) or not named or not answered(row):
        return None
    return sum(relevant(row["case"], one) for one in cited(row)) / len(named)


def citation_recall(row: Row) -> float | None:
    """Share of the gold evidence that passages cited bear; 0 without an answer."""
    wanted = places(row["case"])
    if not wanted:
        return None
    return len(borne(row["case"], cited(row))) / len(wanted) if answered(row) else 0.0


def support_rate(row: Row) -> float | None:
    """Share of the claims that the critic found fully supported; None where none was checked."""
    claims = row.get("claims", [])
    if not answered(row) or all(claim["support"] == "unchecked" for claim in claims):
        return None
    return sum(claim["support"] == "full" for claim in claims) / len(claims)


MEASURES = (
    Measure("citation precision", "gold evidence; an answer that cites", citation_precision),
    Measure("citation recall", "gold evidence", citation_recall),
    Measure("support rate", "an answer with a checked claim", support_rate),
)
