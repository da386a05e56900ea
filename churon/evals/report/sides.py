"""One question under several variants: each run as it is shown, and where two of them part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from churon.evals.metrics import scores
from churon.evals.metrics.outcome import abstained, answered, failed
from churon.evals.report.steps import same, text, told
from churon.evals.report.texts import Texts
from churon.evals.types import Case, Row

Outcome = Literal["right", "partly", "wrong", "answered", "abstained", "declined", "error", "none"]
_KEPT = ("answer", "short", "status", "stop_reason", "missing", "degraded", "stages", "error")


def side(row: Row, texts: Texts) -> dict[str, Any]:
    """One run, as plain data for the page."""
    held: Mapping[str, Any] = row
    made = {name: held[name] for name in _KEPT if held.get(name)}
    found = scores(row)
    return {
        **made,
        "outcome": outcome(row, found),
        "score": headline(row["case"], found),
        "graph": row["graph"],
        "claims": [_claim(one) for one in row.get("claims", [])],
        "read": texts.read(row),
        "unread": texts.unread(row),
        "steps": told(row.get("steps", [])),
        "scores": {name: value for name, value in found.items() if value is not None},
    }


def outcome(row: Row, found: Mapping[str, float | None]) -> Outcome:
    """How it ended, seen from what is right; `answered` where no accepted answer is known."""
    if failed(row):
        return "error"
    answerable = row["case"]["answerable"]
    if abstained(row):
        return "abstained" if answerable else "declined"
    if not answered(row):
        return "none"
    worth = found["answer"]
    if not answerable or worth == 0:
        return "wrong"
    if worth is None:
        return "answered"
    return "right" if worth > 0.999 else "partly"


def headline(case: Case, found: Mapping[str, float | None]) -> float | None:
    """The one score that tables show: of the answer, of declining, else of the evidence."""
    if not case["answerable"]:
        return found["settled"]
    return found["evidence recall"] if found["answer"] is None else found["answer"]


def parting(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, int | None]:
    """Places of the first step and of the first passage read that differ; None: all are alike."""
    return {
        "step": _first(first["steps"], second["steps"], same),
        "passage": _first(first["read"], second["read"], lambda a, b: a["id"] == b["id"]),
    }


def _first(a: Sequence[Any], b: Sequence[Any], alike: Any) -> int | None:
    for place, (one, other) in enumerate(zip(a, b, strict=False)):
        if not alike(one, other):
            return place
    return None if len(a) == len(b) else min(len(a), len(b))


def _claim(claim: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "text": text(claim["text"]),
        "support": claim["support"],
        "score": claim["support_score"],
        "ids": claim["evidence_ids"],
    }
