"""The last look at a plan's answer: whether it stands, is planned anew, or gives way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NotRequired

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from churon.nodes.common import RunState
from churon.nodes.findings import asks_all, last_words
from churon.tools.context import RagContext
from churon.tools.toolkit import Toolkit
from churon.tools.types import Claim, PlanStep, StepResult


class Checked(RunState):
    standalone: str
    plan: list[PlanStep]
    results: dict[str, StepResult]
    claims: list[Claim]
    replans: int
    stop_reason: str


class Reviewed(TypedDict):
    verdict: Literal["replan", "done"]
    answer: NotRequired[str]
    claims: NotRequired[list[Claim]]


@dataclass(frozen=True)
class Review:
    """The last look: a conclusion that its passages contradict is planned anew, while that may be;
    then a last step that asked the question itself, and whose answer they bear, stands instead.
    """

    toolkit: Toolkit

    async def __call__(self, state: Checked, runtime: Runtime[RagContext]) -> Reviewed:
        context = self.toolkit.run(state["run"], runtime.context, state["account"]).context
        supports = {one["support"] for one in state["claims"]}
        left = context.max_replans - state["replans"]
        contradicted = supports == {"none"} and not context.faithful and not state["stop_reason"]
        if contradicted and left > 0:
            return {"verdict": "replan"}
        own = _own_answer(state) if contradicted else None
        if own is not None:
            return {"verdict": "done", "answer": own["text"], "claims": [own]}
        return {"verdict": "done"}


def _own_answer(state: Checked) -> Claim | None:
    """What the last step found, where it asked the whole question and its passages bear it."""
    plan = state["plan"]
    said = last_words(plan, state["results"], state["standalone"])
    if not said or not asks_all(plan, state["standalone"]):
        return None
    return said[0] if said[0]["support"] in ("full", "partial") else None
