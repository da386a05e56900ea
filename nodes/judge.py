"""Is this good enough, or is another round worth it? No model is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from churon.nodes.common import RunState, chosen
from churon.nodes.grade import relevant
from churon.nodes.step import stands
from churon.tools.context import RagContext
from churon.tools.toolkit import Toolkit
from churon.tools.types import Candidate, Claim, Evidence, StepResult


class Drafted(RunState):
    claims: list[Claim]
    candidates: dict[str, Candidate]
    evidence: dict[str, Evidence]
    partials: list[str]
    rounds: int
    stale: bool


class Verdict(TypedDict):
    verdict: Literal["again", "synthesise", "settle"]


@dataclass(frozen=True)
class JudgeShort:
    """Short form: an answer that passes settles; else at most `max_rewrites` new searches."""

    toolkit: Toolkit

    async def __call__(self, state: Drafted, runtime: Runtime[RagContext]) -> Verdict:
        context = self.toolkit.run(state["run"], runtime.context, state["account"]).context
        rewrites = state["rounds"] - 1
        done = state["stale"] or rewrites >= context.max_rewrites
        return {"verdict": "settle" if done or passes(state, context) else "again"}


@dataclass(frozen=True)
class JudgeRound:
    """Iterative form: at most `max_iter` rounds; the next round's gap check may end it earlier."""

    toolkit: Toolkit

    async def __call__(self, state: Drafted, runtime: Runtime[RagContext]) -> Verdict:
        context = self.toolkit.run(state["run"], runtime.context, state["account"]).context
        if not state["stale"] and state["rounds"] < context.max_iter:
            return {"verdict": "again"}
        return {"verdict": "synthesise" if len(state["partials"]) > 1 else "settle"}


class Looked(RunState):
    found: StepResult
    thoughts: list[str]
    rounds: int
    stale: bool


class Next(TypedDict):
    verdict: Literal["search", "hop", "settle"]
    query: str


@dataclass(frozen=True)
class JudgeStep:
    """CoT-RAG's step: settled when its answer stands; else one new search, then hop by hop."""

    toolkit: Toolkit

    async def __call__(self, state: Looked, runtime: Runtime[RagContext]) -> Next:
        context = self.toolkit.run(state["run"], runtime.context, state["account"]).context
        if stands(state["found"], context):
            return {"verdict": "settle", "query": ""}
        if not state["thoughts"] and state["rounds"] < 2 and not state["stale"]:
            return {"verdict": "search", "query": ""}
        most = 0 if context.faithful else context.max_hops
        return {"verdict": "hop" if len(state["thoughts"]) < most else "settle", "query": ""}


def passes(state: Drafted, context: RagContext) -> bool:
    """Some sentence has a relevant passage and is supported by it, as far as is known; one of
    several as the whole candidate is, until it is checked by itself.
    """
    for claim in state["claims"]:
        score = claim["support_score"]
        if score is None and claim["evidence_ids"]:
            score = state["candidates"][claim["evidence_ids"][0]]["s_sup"]
        passages = chosen(state["evidence"], claim["evidence_ids"])
        about_it = any(relevant(p, context.relevance_threshold) for p in passages)
        if about_it and (score is None or score >= context.support_threshold):
            return True
    return False
