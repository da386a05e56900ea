"""`RagContext`: the knobs of one run, bounded; Studio shows them as a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from churon.tools.errors import SettingsError
from churon.tools.types import Machine, Reasoner


class Limits(BaseModel):
    """What one run may spend; a run stops with its best answer when one is used up."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    calls: int = Field(80, ge=1, le=10_000)
    """Language-model calls, retries included."""
    tokens: int = Field(120_000, ge=100, le=100_000_000)
    """Prompt plus generated tokens."""
    searches: int = Field(30, ge=1, le=1_000)
    """Searches of the store."""
    seconds: float = Field(600.0, gt=0, le=86_400)
    """Of model calls, searches and reranking; opening models and waiting for a reader is free."""


class RagContext(BaseModel):
    """Per-run knobs shared by all graphs; the defaults are the user's guide and the papers'."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    k1: int = Field(20, ge=1, le=200)
    """Candidates that the search returns to the reranker."""
    k2: int = Field(5, ge=1, le=50)
    """Passages that the reranker keeps."""
    ef: int = Field(100, ge=1, le=32_768)
    """HNSW search breadth (Milvus `ef`); raised to k1 where smaller."""
    search: Literal["hybrid", "dense", "bm25"] = "hybrid"
    """By meaning and by words, or one of the two."""
    cross_language: bool = True
    """Search passages in Korean and in English apart, so that either can answer a question."""
    max_iter: int = Field(3, ge=1, le=10)
    """Rounds of the iterative form (the user's guide: 3)."""
    max_rewrites: int = Field(2, ge=0, le=5)
    """Query rewrites when no passage is relevant."""
    form: Literal["short", "iterative", "long"] = "short"
    """Self-RAG's form: best of K candidates, rounds of search, or a beam over sentences. Inside
    `auto` and `chat` it is the short one."""
    beam: int = Field(2, ge=1, le=8)
    """Long form: beam width B (Self-RAG, appendix A)."""
    depth: int = Field(6, ge=1, le=20)
    """Long form: most sentences T."""
    delta: float = Field(0.2, ge=0, le=1)
    """Retrieve iff p(yes) / (p(yes) + p(no)) > delta (Self-RAG, section 3.3)."""
    always_retrieve: bool = True
    """Citations are required, so that delta is 0 and every question is searched."""
    relevance_threshold: float = Field(0.5, ge=0, le=1)
    """A passage above it counts as relevant."""
    uncertain_low: float = Field(0.2, ge=0, le=1)
    """A reranker's prior below it stands as the passage's grade; the model is not asked."""
    uncertain_high: float = Field(0.8, ge=0, le=1)
    """A prior above it stands too; the model grades the passages between the two."""
    support_threshold: float = Field(0.5, ge=0, le=1)
    """s_sup at or above it counts as supported."""
    w_rel: float = Field(1.0, ge=0, le=10)
    """Weight of IsRel in a segment's score (Self-RAG, section 3.3)."""
    w_sup: float = Field(1.0, ge=0, le=10)
    """Weight of IsSup."""
    w_use: float = Field(0.5, ge=0, le=10)
    """Weight of IsUse."""
    hard: bool = False
    """Long form: drop continuations without support (the paper's hard mode)."""
    profile: Literal["lite", "standard", "deep"] = "lite"
    """MCTS-RAG's menu: retrieve, transform and summarise; all six actions; all six, every passage
    graded and more votes. `lite` makes at most 40 model calls."""
    faithful: bool = False
    """As the papers print it: Self-RAG asks once a passage and takes the best score; CoT-RAG runs
    its plan step by step without code, hops or replanning; MCTS-RAG simulates by random actions and
    values by votes alone."""
    max_steps: int = Field(5, ge=1, le=12)
    """CoT-RAG: most steps of a plan."""
    max_replans: int = Field(2, ge=0, le=5)
    """CoT-RAG: most plans after the first."""
    max_hops: int = Field(3, ge=0, le=6)
    """CoT-RAG: most searches of IRCoT mode for a step that failed."""
    approve_plan: bool = False
    """CoT-RAG: pause before the plan is executed, so that its reader can change it."""
    cases: bool = False
    """CoT-RAG: keep the plans of verified answers, and show the nearest to the planner."""
    cases_kept: int = Field(500, ge=1, le=100_000)
    """CoT-RAG: most plans that are kept; the oldest make room."""
    final_passages: int = Field(15, ge=1, le=50)
    """CoT-RAG and MCTS-RAG: most passages in the prompt that writes the final answer."""
    rollouts: int = Field(4, ge=1, le=256)
    """MCTS-RAG: most paths that are played to an answer; `lite` seldom affords more than five."""
    leaves: int = Field(2, ge=1, le=16)
    """MCTS-RAG: rollouts at once, kept apart by virtual loss."""
    exploration: float = Field(2.0, ge=0, le=10)
    """C in UCT = Q/N + C sqrt(ln N_parent / N)."""
    tree_depth: int = Field(5, ge=2, le=12)
    """MCTS-RAG: at this depth an answer is forced."""
    sampling: float = Field(0.7, ge=0, le=2)
    """MCTS-RAG: temperature of queries, plans and votes."""
    hopeless: float = Field(0.1, ge=0, le=1)
    """MCTS-RAG: stop when every open leaf is valued below it."""
    route: Literal["auto", Reasoner] = "auto"
    """The graph that `auto` takes; auto decides by the question, and again by the outcome."""
    chat_graph: Machine = "auto"
    """The graph that answers a message of `chat`."""
    answer_tokens: int = Field(192, ge=16, le=4_096)
    """Most tokens of one generated answer or candidate."""
    temperature: float = Field(0.0, ge=0, le=2)
    """Of generated answers and candidates."""
    seed: int = Field(7, ge=0, le=2**31 - 1)
    """The same seed, the same run, as far as the model's server keeps to it."""
    limits: Limits = Field(default_factory=Limits)
    """What the run may spend."""
    model: str | None = None
    """Chat model for this run in place of the settings' one."""
    collection: str | None = None
    """Milvus collection for this run in place of the settings' one."""
    tenant: str | None = None
    """Whose passages are searched; needed where `store.tenancy` is on."""


def lenient_context(given: Any, defaults: RagContext) -> RagContext:
    """As `resolve_context`, for what a node sees: a RagContext, or a host graph's own context of
    any class, in which `churon` is our part.
    """
    return resolve_context(knobs(given), defaults)


def resolve_context(given: Any, defaults: RagContext) -> RagContext:
    """The run's context: a mapping, or the fields that a RagContext was given, over the defaults.

    None gives the defaults. Raises SettingsError for an unknown or out-of-range knob.
    """
    if isinstance(given, RagContext):
        given = given.model_dump(exclude_unset=True)
    if not isinstance(given, Mapping):
        return defaults
    try:
        return RagContext.model_validate(_overlay(defaults.model_dump(), given))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"The context value {name}={first.get('input')!r} is refused: {first['msg']}.",
            remedy="See RagContext for the names and bounds.",
        ) from error


def knobs(given: Any) -> dict[str, Any]:
    """What a runtime's context sets for us (LangGraph turns mappings into RagContext before a node
    sees them; in a host graph it hands down the host's).

    Raises SettingsError for a host's `tenant` or `collection` beside no `churon`: other passages
    would be searched than were meant.
    """
    if isinstance(given, RagContext):
        return given.model_dump(mode="json", exclude_unset=True)
    own = _of_host(given, "churon")
    for name in ("tenant", "collection") if own is None else ():
        if isinstance(value := _of_host(given, name), str):
            raise SettingsError(
                f"The host's context names the {name} {value!r}, but nothing for churon.",
                remedy=f'Give it its own part: {{"churon": {{"{name}": ...}}}} to search that one, '
                '{"churon": {}} to search as the settings say.',
            )
    if isinstance(own, RagContext):
        return knobs(own)
    if own is not None and not isinstance(own, Mapping):
        raise SettingsError(
            f"The host's context holds {own!r} for churon.",
            remedy="Give a RagContext, or a mapping of its knobs.",
        )
    return dict(own or {})


def _of_host(given: Any, name: str) -> Any:
    return given.get(name) if isinstance(given, Mapping) else getattr(given, name, None)


def plain_knobs(given: Any) -> dict[str, Any]:
    """The same as JSON, of a context that was checked: for what is kept."""
    held = _overlay({"limits": {}}, knobs(given))
    if not held["limits"]:
        del held["limits"]
    return RagContext.model_validate(held).model_dump(mode="json", exclude_unset=True)


def _overlay(base: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in given.items():
        nested = isinstance(merged.get(key), dict) and isinstance(value, Mapping)
        merged[key] = _overlay(merged[key], value) if nested else value
    return merged
