"""The model alone: no search, no passage. What a graph must beat to have been of use.

Its answer rests on nothing, so that its status is `ungrounded`, or `abstained` where the model says
that it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from langgraph.runtime import Runtime

from churon.evals.baselines.one_node import one_node
from churon.evals.prompts import PROMPTS
from churon.graphs.machine import RagGraph
from churon.nodes.cite import claim
from churon.nodes.common import RunState
from churon.nodes.decide import is_refusal
from churon.nodes.generate import Answered
from churon.nodes.sentences import sentences
from churon.nodes.telling import Telling
from churon.tools.context import RagContext
from churon.tools.models.base import Want
from churon.tools.run import Ledger
from churon.tools.toolkit import Toolkit


class Asked(RunState):
    standalone: str


@dataclass(frozen=True)
class WriteFromMemory:
    """The answer that the model knows by itself; a bare ledger where it knows none."""

    toolkit: Toolkit

    async def __call__(self, state: Asked, runtime: Runtime[RagContext]) -> Answered | Ledger:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        prompt = PROMPTS.messages("closed_book", state["language"], question=state["standalone"])
        want = Want(run.context.answer_tokens, run.context.temperature)
        text = await Telling(run, runtime, "recall").written(prompt, want)
        if is_refusal(text):
            return run.ledger()
        claims = [claim(part, []) for part in sentences(text)]
        return {"answer": text, "claims": claims, **run.ledger()}


def build(toolkit: Toolkit, *, checkpointer: Any = None) -> RagGraph:
    """The graph over these resources."""
    return one_node("closed_book", "recall", WriteFromMemory(toolkit), toolkit, checkpointer)
