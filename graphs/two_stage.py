"""The baseline: search, rerank, one cited answer. No grading and no support check."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from churon.graphs import retrieval
from churon.graphs.contract import RagState, append
from churon.graphs.frame import add_end, add_opening, framed
from churon.graphs.machine import RagGraph, compiled
from churon.graphs.policy import model_node
from churon.nodes.finish import Finish
from churon.nodes.generate import WriteAnswer
from churon.tools.toolkit import Toolkit, served_toolkit


class State(RagState):
    partials: Annotated[list[str], append]


def go_on(state: State) -> Literal["restate", "finish"]:
    """The language lock, unless the budget is used up."""
    return "finish" if state.get("stop_reason") else "restate"


def has_evidence(state: State) -> Literal["generate", "finish"]:
    """Nothing found: nothing to write from."""
    return "generate" if state["kept"] and not state.get("stop_reason") else "finish"


def build(toolkit: Toolkit, *, checkpointer: Any = None) -> RagGraph:
    """The graph over these resources."""
    b = framed(State, nested=False)
    add_opening(b, toolkit, State, "retrieval", nested=False)
    b.add_node("retrieval", retrieval.build(toolkit, grading=False))
    b.add_node("generate", WriteAnswer(toolkit), **model_node("finish", degrade=False))
    add_end(b, toolkit, Finish(toolkit, abstain_unsupported=False))
    b.add_conditional_edges("retrieval", has_evidence)
    b.add_conditional_edges("generate", go_on)
    return compiled(b, "two_stage", toolkit, checkpointer)


graph = build(served_toolkit())
