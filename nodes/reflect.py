"""Self-RAG's Retrieve token: is a search needed at all?"""

from __future__ import annotations

from dataclasses import dataclass

from langgraph.runtime import Runtime

from churon.nodes.common import RunState
from churon.nodes.decide import wants_retrieval
from churon.nodes.prompts import messages
from churon.tools.context import RagContext
from churon.tools.models.labels import RETRIEVE
from churon.tools.run import Ledger
from churon.tools.toolkit import Toolkit


class Asked(RunState):
    standalone: str


class Decided(Ledger):
    retrieval: bool


@dataclass(frozen=True)
class ShouldRetrieve:
    """p(yes) / (p(yes) + p(no)) > delta; no question asked where citations are required."""

    toolkit: Toolkit

    async def __call__(self, state: Asked, runtime: Runtime[RagContext]) -> Decided:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        if run.context.always_retrieve:
            return {"retrieval": True, **run.ledger()}
        prompt = messages("retrieve", state["language"], question=state["standalone"])
        decision = await run.distribution(prompt, RETRIEVE)
        wanted = decision.rung == "neutral" or wants_retrieval(decision, run.context.delta)
        return {"retrieval": wanted, **run.ledger()}
