"""Plain data that travels through states and checkpoints: TypedDicts of str, numbers, lists, dicts.

Dataclasses and models do not survive a strict checkpoint, so nothing here is one.
`typing_extensions.TypedDict`, because with `typing`'s the server shows no form on Python 3.11.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

Language = Literal["en", "ko"]
Status = Literal["grounded", "partial", "ungrounded", "abstained", "budget_exhausted"]
Support = Literal["full", "partial", "none", "unchecked"]


class Evidence(TypedDict):
    """One passage that a run saw, stored once under its id; everything else refers to the id."""

    id: str
    document: str
    """Path of the document, as it was ingested."""
    title: str
    page: int | None
    """1-based page, None where the format has no pages."""
    start: int
    """First character of the passage in the document's extracted text."""
    end: int
    """One past the last character."""
    text: str
    retrieval_score: float
    rerank_score: float | None
    relevance: float | None
    """P(relevant) in [0, 1], None while ungraded."""
    used_by: list[str]
    """Claims ("c1") or steps that rest on this passage."""


class Claim(TypedDict):
    """One sentence of the answer with what it rests on."""

    text: str
    support: Support
    support_score: float | None
    """s_sup in [0, 1] (Self-RAG, section 3.3); None when unchecked."""
    evidence_ids: list[str]


class Candidate(TypedDict):
    """One answer written from one passage, with its critique (Self-RAG, section 3.3)."""

    evidence_id: str
    text: str
    """Empty when the model found no answer in the passage."""
    mean_logprob: float | None
    """Mean token log-probability, None where the provider gives none."""
    s_rel: float | None
    s_sup: float | None
    s_use: float | None
    """None: not asked for, or the critic gave nothing."""


class Beam(TypedDict):
    """One hypothesis of the long form: the sentences so far and their scores."""

    id: str
    claims: list[Claim]
    scores: list[float]
    """One segment score per sentence."""
    last: str
    """Evidence id that the latest sentence rests on, "" for none."""
    decision: Literal["Y", "N", "C"]
    """Retrieve again, no passage, or continue with the last one."""
    finished: bool


class Usage(TypedDict):
    """What a run spent so far; absolute values, merged by elementwise maximum."""

    calls: int
    tokens: int
    searches: int
    seconds: float
    cache_hits: int


class Turn(TypedDict):
    """One earlier message of the conversation."""

    role: Literal["user", "assistant"]
    content: str


Filter = dict[str, str | int | float | bool | list[str] | list[int]]
"""Equality (scalar) or membership (list) per metadata field, all of them required."""
