"""The baseline: search, rerank, one cited answer. No grading and no support check."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from langgraph.graph import END, START, StateGraph

from churon.graphs import retrieval
from churon.graphs.contract import RagInput, RagOutput, RagState, append, channels
from churon.graphs.machine import RagGraph, compiled
from churon.graphs.policy import model_node
from churon.nodes.begin import Begin
from churon.nodes.finish import Finish
from churon.nodes.generate import WriteAnswer
from churon.nodes.language import LockLanguage
from churon.nodes.rewrite import Condense
from churon.tools.context import RagContext
from churon.tools.toolkit import Toolkit


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
    b = StateGraph(State, context_schema=RagContext, input_schema=RagInput, output_schema=RagOutput)
    b.add_node("begin", Begin(toolkit, channels(State)))
    b.add_node("condense", Condense(toolkit), **model_node("retrieval", degrade=False))
    b.add_node("retrieval", retrieval.build(toolkit, grading=False))
    b.add_node("generate", WriteAnswer(toolkit), **model_node("finish", degrade=False))
    b.add_node("restate", LockLanguage(toolkit), **model_node("finish"))
    b.add_node("finish", Finish(toolkit, abstain_unsupported=False))
    b.add_edge(START, "begin")
    b.add_edge("begin", "condense")
    b.add_edge("condense", "retrieval")
    b.add_conditional_edges("retrieval", has_evidence)
    b.add_conditional_edges("generate", go_on)
    b.add_edge("restate", "finish")
    b.add_edge("finish", END)
    return compiled(b, "two_stage", toolkit, checkpointer)


graph = build(Toolkit())
