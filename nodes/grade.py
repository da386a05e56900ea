"""R3 and R4: each passage's P(relevant), then which passages are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NotRequired

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from churon.nodes.common import PassageState, RunState, chosen
from churon.nodes.critique import relevance_of
from churon.tools.context import RagContext
from churon.tools.run import Ledger
from churon.tools.toolkit import Toolkit
from churon.tools.types import Evidence


class Graded(Ledger):
    evidence: dict[str, Evidence]


@dataclass(frozen=True)
class Grade:
    """P(relevant) of one passage: the reranker's, or the model's inside the uncertain band."""

    toolkit: Toolkit

    async def __call__(self, state: PassageState, runtime: Runtime[RagContext]) -> Graded:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        passage = state["passage"]
        relevance = await relevance_of(run, passage, state["standalone"], state["language"])
        return {"evidence": {passage["id"]: {**passage, "relevance": relevance}}, **run.ledger()}


class Ranked(RunState):
    evidence: dict[str, Evidence]
    top: NotRequired[list[str]]
    """Absent when the round's first step failed."""
    graded: NotRequired[bool]
    """False: nobody grades this search."""
    kept: list[str]
    rounds: int


class Digested(TypedDict):
    kept: list[str]
    rounds: int
    steps: list[dict[str, Any]]


@dataclass(frozen=True)
class Digest:
    """Keeps what is relevant or could not be graded; nothing relevant is a normal outcome.

    Where nobody grades, all of it is kept: a reranker's prior alone refuses no passage.
    """

    toolkit: Toolkit
    grading: bool = True

    async def __call__(self, state: Ranked, runtime: Runtime[RagContext]) -> Digested:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        top = state.get("top", [])
        seen = [*state["kept"], *top]
        passages = chosen(state["evidence"], list(dict.fromkeys(seen)))
        judged = self.grading and state.get("graded", True)
        bar = run.context.relevance_threshold
        kept = [p["id"] for p in passages if not judged or relevant(p, bar)]
        fresh = len([key for key in kept if key in top])
        step = {"step": "digest", "read": len(top), "relevant": fresh}
        return {"kept": kept, "rounds": state["rounds"] + 1, "steps": [step]}


def relevant(passage: Evidence, threshold: float) -> bool:
    """Above the threshold, or ungraded; a passage exactly at it is not (a tie is no yes)."""
    return passage["relevance"] is None or passage["relevance"] > threshold
