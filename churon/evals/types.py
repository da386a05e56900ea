"""What evaluation is about: a case that is asked, and the row that tells what came of it.

Both are plain data: a set's file and a run's JSONL hold them as they are.
"""

from __future__ import annotations

from typing import Any, NotRequired

from typing_extensions import TypedDict

from churon.tools.types import Claim, Usage


class Span(TypedDict):
    """Characters of a document, `start` to `end` without it."""

    document: str
    start: int
    end: int


class Case(TypedDict):
    """One question, and what is known of its answer. Only `question`, `language` and `filter` ever
    reach a graph; the rest is for scoring alone.
    """

    id: str
    question: str
    language: str
    answers: list[str]
    """Accepted short answers; empty where the set has evidence only, or there is no answer."""
    truth: bool | None
    """Of a yes/no question; None for all others."""
    answerable: bool
    """False: the documents do not hold the answer, and abstaining is right."""
    relevant: dict[str, int]
    """Grade above 0 of each passage or document that bears the answer, by its id."""
    spans: list[Span]
    """Exact places of the answer's evidence, where the set knows them."""
    filter: NotRequired[dict[str, Any] | None]
    tags: NotRequired[list[str]]
    """Such as "2hop" or "bridge": reports break figures down by them."""


class Provenance(TypedDict):
    """All that an answer depends on besides question and variant."""

    set: str
    corpus: str
    """Hash of the documents in the store."""
    model: str
    embedding: str
    reranker: str
    prompts: str
    """Hash of all prompts."""
    shortener: NotRequired[str]
    """The model that made `short`."""
    seed: int
    context: dict[str, Any]
    """The whole context of the run."""
    settings: NotRequired[dict[str, Any]]
    """Every other setting that answers may depend on, by its whole name; no address, no secret."""
    versions: dict[str, str]
    conditions: NotRequired[dict[str, str]]
    """What seconds depend on and answers should not: the machine, and how many were asked at once.
    """


class Placed(Span):
    """A passage and where it stands."""

    id: str


class Passage(Placed):
    """One passage that a run read."""

    text: NotRequired[str]
    """All of it, so that a report can show what an answer was made from without the store; rows of
    older files have none."""
    retrieval_score: float | None
    rerank_score: float | None
    relevance: float | None
    used: bool
    """Whether a claim rests on it."""


class Shortening(TypedDict):
    """What it took to cut an answer down to a phrase, and why that failed."""

    calls: int
    tokens: int
    seconds: float
    error: NotRequired[str]


class Judgement(TypedDict):
    """What a model said of an answer, after the run."""

    correct: float | None
    """P(it says the same as an accepted answer), in [0, 1]; None where the model said nothing that
    could be read. 0 without an answer, about which no model is asked."""
    model: str
    prompts: str
    """Hash of the judge's prompts."""
    of: str
    """Hash of question, accepted answers and answer as they were."""


class Row(TypedDict):
    """One case under one variant; `error` instead of an outcome where the run failed."""

    case: Case
    variant: str
    """What A and B are: a graph, or a graph with settings of its own, by name."""
    variants: NotRequired[list[str]]
    """All variants of its run, as they were named: with several questions at once the first that
    is done need not be of the first one."""
    graph: str
    at: str
    """When it ended, ISO 8601 in UTC."""
    provenance: Provenance
    error: NotRequired[str]
    answer: NotRequired[str]
    short: NotRequired[str]
    """The answer cut down to a phrase by the same model with one prompt for all variants."""
    shortening: NotRequired[Shortening]
    """With an error: there is no `short` yet, the next run tries again."""
    judge: NotRequired[Judgement]
    """There once `churon eval judge` was run."""
    status: NotRequired[str]
    stop_reason: NotRequired[str]
    claims: NotRequired[list[Claim]]
    ranked: NotRequired[list[str]]
    """Ids of the passages of the first search, best first, for retrieval metrics: those that the
    reranker kept in its order, then the other candidates in the search's."""
    ranked_spans: NotRequired[list[Span]]
    """Where each of `ranked` stands, in the same order."""
    read: NotRequired[list[Passage]]
    """Every passage of the evidence, best relevance first."""
    missing: NotRequired[list[str]]
    degraded: NotRequired[list[str]]
    steps: NotRequired[list[dict[str, Any]]]
    usage: NotRequired[Usage]
    seconds: NotRequired[float]
    """Wall clock of the run."""
    stages: NotRequired[dict[str, float]]
    """Seconds by kind of step (search, rerank, grade, generate, …), summed over branches."""
