"""The router: self_rag for one fact, cot_rag for several, mcts_rag where these leave doubt.

`route` decides by the plan, `weigh` by the outcome; both say why in `steps`. One budget and one
cache serve all graphs of a run. `RagContext.route` forces a graph.
"""

from __future__ import annotations

from typing import Any, Literal

from langgraph.graph import END

from churon.graphs import cot_rag, mcts_rag, self_rag
from churon.graphs.contract import RagState
from churon.graphs.frame import add_opening, framed
from churon.graphs.machine import RagGraph, compiled
from churon.graphs.policy import model_node
from churon.nodes.route import Route, Settle, Weigh
from churon.tools.toolkit import Toolkit, served_toolkit
from churon.tools.types import Reasoner


class State(RagState):
    route: Reasoner
    verdict: Literal["search", "settle"]
    earlier: dict[str, Any]
    """The outcome that was doubted."""


def chosen_graph(state: State) -> Reasoner:
    """The graph that `route` named."""
    return state["route"]


def after_weigh(state: State) -> Literal["mcts_rag", "settle"]:
    """A doubted answer is searched for."""
    return "mcts_rag" if state["verdict"] == "search" else "settle"


def build(toolkit: Toolkit, *, checkpointer: Any = None) -> RagGraph:
    """The graph over these resources."""
    b = framed(State, nested=False)
    add_opening(b, toolkit, State, "route", nested=False)
    b.add_node("route", Route(toolkit), **model_node("self_rag"))
    b.add_node("self_rag", self_rag.build(toolkit, nested=True))
    b.add_node("cot_rag", cot_rag.build(toolkit, nested=True))
    b.add_node("mcts_rag", mcts_rag.build(toolkit, nested=True))
    b.add_node("weigh", Weigh(toolkit))
    b.add_node("settle", Settle(toolkit))
    b.add_conditional_edges("route", chosen_graph)
    b.add_edge("self_rag", "weigh")
    b.add_edge("cot_rag", "weigh")
    b.add_conditional_edges("weigh", after_weigh)
    b.add_edge("mcts_rag", "settle")
    b.add_edge("settle", END)
    return compiled(b, "auto", toolkit, checkpointer)


graph = build(served_toolkit())
