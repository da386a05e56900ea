"""The best path among the candidates (Self-RAG, section 3.3). No model is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from churon.nodes.cite import claim
from churon.nodes.common import RunState
from churon.nodes.decide import agreement, best_candidate, segment_score, support_label
from churon.nodes.sentences import sentences
from churon.tools.context import RagContext
from churon.tools.errors import ModelError
from churon.tools.toolkit import Toolkit
from churon.tools.types import Candidate, Claim


class Judged(RunState):
    standalone: str
    candidates: dict[str, Candidate]
    failures: list[str]
    stop_reason: str


class Selected(TypedDict):
    answer: str
    claims: list[Claim]
    steps: list[dict[str, Any]]


@dataclass(frozen=True)
class Select:
    """Answer and claims of the winner; empty when no passage held an answer.

    Raises ModelError when there is no candidate because the model failed for every passage: that
    must not look like documents without an answer.
    """

    toolkit: Toolkit

    async def __call__(self, state: Judged, runtime: Runtime[RagContext]) -> Selected:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        candidates, context = state["candidates"], run.context
        if not candidates and state["failures"] and not state["stop_reason"]:
            raise ModelError(f"No candidate could be written: {state['failures'][0]}")
        best = best_candidate(candidates, context)
        if best is None:
            return {"answer": "", "claims": [], "steps": [_step(candidates, None)]}
        parts = sentences(best["text"])
        whole = claim(best["text"], [best["evidence_id"]])
        if len(parts) > 1:  # the critique was about the whole: each sentence is checked next
            claims = [claim(part, [best["evidence_id"]]) for part in parts]
        else:
            label = support_label(best["s_sup"], context.support_threshold)
            claims = [{**whole, "support": label, "support_score": best["s_sup"]}]
        score = round(segment_score(best, context), 4)
        share = round(agreement(best, list(candidates.values()), state["standalone"]), 4)
        step = {**_step(candidates, score), "agreement": share}
        return {"answer": best["text"], "claims": claims, "steps": [step]}


def _step(candidates: dict[str, Candidate], score: float | None) -> dict[str, Any]:
    return {"step": "select", "candidates": len(candidates), "score": score}
