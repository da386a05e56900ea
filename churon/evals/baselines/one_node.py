"""A baseline's graph: one node that does all, between what every graph begins and ends with."""

from __future__ import annotations

from typing import Any, Literal

from churon.graphs.contract import RagState
from churon.graphs.frame import add_end, add_opening, framed
from churon.graphs.machine import RagGraph, compiled
from churon.graphs.policy import model_node
from churon.nodes.finish import Finish
from churon.tools.toolkit import Toolkit


class State(RagState):
    pass


def go_on(state: State) -> Literal["restate", "finish"]:
    """The language lock, where there is an answer."""
    return "finish" if state.get("stop_reason") or not state["answer"] else "restate"


def one_node(name: str, node: str, work: Any, toolkit: Toolkit, checkpointer: Any) -> RagGraph:
    """The graph `name` whose `node` does `work`."""
    b = framed(State, nested=False)
    add_opening(b, toolkit, State, node, nested=False)
    b.add_node(node, work, **model_node("finish", degrade=False))
    add_end(b, toolkit, Finish(toolkit, abstain_unsupported=False, weigh_relevance=False))
    b.add_conditional_edges(node, go_on)
    return compiled(b, name, toolkit, checkpointer)
