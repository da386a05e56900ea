"""Rows of evaluation, as small as a test wants them."""

from __future__ import annotations

from typing import Any

from churon.evals.types import Case, Passage, Provenance, Row


def case(id_: str = "q1", **fields: Any) -> Case:
    made: dict[str, Any] = {
        "id": id_,
        "question": "Who wrote it?",
        "language": "en",
        "answers": ["Ada Lovelace"],
        "truth": None,
        "answerable": True,
        "relevant": {},
        "spans": [],
    }
    return {**made, **fields}  # type: ignore[return-value]


def passage(id_: str, **fields: Any) -> Passage:
    made: dict[str, Any] = {
        "id": id_,
        "document": f"{id_}.md",
        "start": 0,
        "end": 100,
        "retrieval_score": 0.5,
        "rerank_score": None,
        "relevance": None,
        "used": False,
    }
    return {**made, **fields}  # type: ignore[return-value]


def provenance(**fields: Any) -> Provenance:
    made: dict[str, Any] = {
        "set": "set",
        "corpus": "c",
        "model": "m",
        "embedding": "e",
        "reranker": "r",
        "prompts": "p",
        "seed": 7,
        "context": {"k2": 5},
        "versions": {"churon": "0.1.0"},
    }
    return {**made, **fields}  # type: ignore[return-value]


def claim(*evidence: str, support: str = "full") -> dict[str, Any]:
    return {
        "text": "It was Ada.",
        "support": support,
        "support_score": None,
        "evidence_ids": [*evidence],
    }


def row(asked: Case | None = None, *, variant: str = "a", **fields: Any) -> Row:
    """An answered row; `error=…` makes it a failed one."""
    outcome: dict[str, Any] = {
        "answer": "It was Ada Lovelace.",
        "status": "grounded",
        "claims": [claim()],
        "ranked": [],
        "read": [],
    }
    made: dict[str, Any] = {
        "case": asked or case(),
        "variant": variant,
        "graph": "self_rag",
        "at": "2026-01-01T00:00:00Z",
        "provenance": provenance(),
        **({} if "error" in fields else outcome),
    }
    return {**made, **fields}  # type: ignore[return-value]


def abstained(asked: Case | None = None, **fields: Any) -> Row:
    return row(asked, status="abstained", answer="Nothing found.", claims=[], **fields)
