"""The model alone: no search, no passage. What a graph must beat to have been of use.

Its answer rests on nothing, so that its status is `ungrounded`, or `abstained` where the model says
that it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from langgraph.runtime import Runtime

from churon.evals.prompts import PROMPTS
from churon.graphs.contract import RagState
from churon.graphs.frame import add_end, add_opening, framed
from churon.graphs.machine import RagGraph, compiled
from churon.graphs.policy import model_node
from churon.nodes.cite import claim
from churon.nodes.common import RunState
from churon.nodes.decide import is_refusal
from churon.nodes.finish import Finish
from churon.nodes.generate import Answered
from churon.nodes.sentences import sentences
from churon.nodes.telling import Telling
from churon.tools.context import RagContext
from churon.tools.models.base import Want
from churon.tools.run import Ledger
from churon.tools.toolkit import Toolkit


class State(RagState):
    pass


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


def go_on(state: State) -> Literal["restate", "finish"]:
    """The language lock, where there is an answer."""
    return "finish" if state.get("stop_reason") or not state["answer"] else "restate"


def build(toolkit: Toolkit, *, checkpointer: Any = None) -> RagGraph:
    """The graph over these resources."""
    b = framed(State, nested=False)
    add_opening(b, toolkit, State, "recall", nested=False)
    b.add_node("recall", WriteFromMemory(toolkit), **model_node("finish", degrade=False))
    add_end(b, toolkit, Finish(toolkit, abstain_unsupported=False, weigh_relevance=False))
    b.add_conditional_edges("recall", go_on)
    return compiled(b, "closed_book", toolkit, checkpointer)
