"""Plain data that travels through states and checkpoints: TypedDicts of str, numbers, lists, dicts.

Dataclasses and models do not survive a strict checkpoint, so nothing here is one.
`typing_extensions.TypedDict`, because with `typing`'s the server shows no form on Python 3.11.
"""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict

Language = Literal["en", "ko"]
Status = Literal["grounded", "partial", "ungrounded", "abstained", "budget_exhausted"]
Support = Literal["full", "partial", "none", "unchecked"]
Reasoner = Literal["self_rag", "cot_rag", "mcts_rag"]
"""A graph that `auto` can take."""
Machine = Literal[Reasoner, "auto", "two_stage"]
"""A graph that takes a question to an answer."""


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
    """What a run spent so far."""

    calls: int
    tokens: int
    searches: int
    seconds: float
    cache_hits: int


class Account(TypedDict):
    """Who spent what on a run; it travels through states, so that a resumed run goes on paying."""

    spent: dict[str, Usage]
    """By the process that spent it (a random id): absolute values that only grow."""
    call_cap: int | None
    """Model calls that the whole run may make beside the user's limits; None for no such cap."""
    given: dict[str, Any] | None
    """The knobs that the run was begun with; None for one that has not begun."""


class Turn(TypedDict):
    """One earlier message of the conversation."""

    role: Literal["user", "assistant"]
    content: str


Filter = dict[str, str | int | float | bool | list[str] | list[int]]
"""Equality (scalar) or membership (list) per metadata field, all of them required."""

Op = Literal["lookup", "compare", "filter", "count", "arithmetic", "boolean", "synthesise"]


class PlanStep(TypedDict):
    """One step of a plan: a question that earlier answers fill in (CoT-RAG, arXiv 2504.13534)."""

    id: str
    """A number as text; `#1` in a question stands for step 1's answer."""
    question: str
    depends_on: list[str]
    op: Op
    needs_retrieval: bool


Method = Literal["read", "computed", "reasoned", "hops", "none"]
"""How a step was answered: read from passages, computed in code, reasoned from other answers by the
model, found hop by hop (IRCoT), or not."""


class StepResult(TypedDict):
    """What became of one step."""

    id: str
    question: str
    """The step's question with its parents' answers filled in."""
    answer: str
    """Short; "" when unresolved."""
    reasoning: str
    """One to three sentences that lead to the answer."""
    evidence_ids: list[str]
    support: Support
    support_score: float | None
    method: Method


Action = Literal[
    "root", "direct", "reason", "subquestion", "retrieve", "decompose", "transform", "summarise"
]
"""MCTS-RAG's A1 to A6 in this order, but for `transform`, AirRAG's query transformation."""


class TreeNode(TypedDict):
    """One node of the search tree (MCTS-RAG, arXiv 2503.20757), plain data."""

    id: str
    """ "n0" is the root."""
    parent: str | None
    depth: int
    action: Action
    """What led here from the parent."""
    text: str
    """What the action wrote: a thought, an answer in a sentence."""
    query: str
    """What it asked or searched for, "" for nothing."""
    answer: str
    """Short answer to `query`, or to the whole question in a terminal node; "" for none."""
    evidence_ids: list[str]
    claims: list[Claim]
    """Terminal: the answer's sentences."""
    tried: list[str]
    """Actions already taken from here, such as "transform" or its second sample "transform#2"."""
    N: int
    """Rollouts that were backpropagated through here."""
    Q: float
    """Sum of their values."""
    virtual_loss: int
    """Rollouts under way through here; 0 at rest."""
    terminal: bool
    value: float | None
    """Terminal, evaluated: in [0, 1]."""
    vote: float | None
    """Share of the sampled answers that agree."""
    s_sup: float | None
    """Support of the claims by their passages."""


class Play(TypedDict):
    """One rollout under way: where it is in the tree and what it does next."""

    id: str
    """ "r0", "r1", … over the whole search."""
    at: str
    """Node that it has come to."""
    action: str
    """Next action from there, "" once it has come to a terminal node."""
    locked: list[str]
    """Nodes that hold its virtual loss."""


class Draft(TypedDict):
    """What an action made, before it is a node of the tree."""

    text: str
    query: str
    answer: str
    evidence_ids: list[str]
    claims: list[Claim]
    terminal: bool


class Judgement(TypedDict):
    """A terminal node's evaluation; the answer is the one that most samples gave."""

    draft: Draft
    value: float
    vote: float
    s_sup: float | None


class AnswerGroup(TypedDict):
    """Trajectories whose answers mean the same."""

    answer: str
    nodes: list[str]
    """Terminal nodes, best first."""
    score: float
    """Sum of their values."""
    share: float
    """Of the scores of all groups, in [0, 1]."""
