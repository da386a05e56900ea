"""One expansion of MCTS-RAG: act, look up what the action asks (side by side), weave the findings.

A leaf of the search tree becomes a draft; `graphs/mcts_rag.py` makes it a node.
"""

from __future__ import annotations

from typing import Annotated, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from typing_extensions import TypedDict

from churon.graphs import retrieval
from churon.graphs.contract import Trail, merge_by_key, merge_evidence
from churon.graphs.machine import RagGraph, compiled
from churon.graphs.policy import model_node
from churon.nodes.act import Act
from churon.nodes.lookup import ReadFinding, Weave
from churon.nodes.search import HandIn
from churon.tools.context import RagContext
from churon.tools.toolkit import Toolkit
from churon.tools.types import Account, Draft, Evidence, Filter, Language, Play, TreeNode


class LookupInput(TypedDict):
    run: str
    language: Language
    standalone: str
    filter: Filter | None
    account: Account
    evidence: dict[str, Evidence]
    queries: list[str]
    kept: list[str]
    answer: str
    query: str
    graded: bool
    rounds: int
    stop_reason: str


class LookupOutput(Trail):
    findings: Annotated[dict[str, Draft], merge_by_key]


class LookupState(LookupInput, LookupOutput):
    top: list[str]
    sufficient: bool
    stale: bool


class LeafInput(TypedDict):
    run: str
    language: Language
    standalone: str
    filter: Filter | None
    account: Account
    play: Play
    path: list[TreeNode]
    siblings: list[str]
    evidence: Annotated[dict[str, Evidence], merge_evidence]


class LeafOutput(Trail):
    drafts: Annotated[dict[str, Draft], merge_by_key]


class LeafState(LeafInput, LeafOutput):
    asks: list[str]
    graded: bool
    findings: Annotated[dict[str, Draft], merge_by_key]
    draft: Draft


def after_retrieval(state: LookupState) -> Literal["read", "__end__"]:
    """Nothing to read from when the budget is used up."""
    return "__end__" if state.get("stop_reason") else "read"


def lookups(state: LeafState) -> list[Send] | Literal["hand_in"]:
    """One lookup a question; an action that asks nothing has its draft."""
    if state.get("stop_reason") or not state.get("asks"):
        return "hand_in"
    shared = {key: state[key] for key in ("run", "language", "filter", "account")}
    blank = {"evidence": {}, "queries": [], "kept": [], "rounds": 0}
    texts = dict.fromkeys(("answer", "query", "stop_reason"), "")
    return [
        Send("lookup", {**shared, **blank, **texts, "standalone": ask, "graded": state["graded"]})
        for ask in state["asks"]
    ]


def build_lookup(toolkit: Toolkit) -> RagGraph:
    """The subgraph of one lookup."""
    b = StateGraph(
        LookupState, context_schema=RagContext, input_schema=LookupInput, output_schema=LookupOutput
    )
    b.add_node("retrieval", retrieval.build(toolkit))
    b.add_node("read", ReadFinding(toolkit), **model_node("__end__", failure="failures"))
    b.add_edge(START, "retrieval")
    b.add_conditional_edges("retrieval", after_retrieval)
    b.add_edge("read", END)
    return compiled(b, "mcts_lookup", toolkit)


def build(toolkit: Toolkit) -> RagGraph:
    """The subgraph of one expansion."""
    b = StateGraph(
        LeafState, context_schema=RagContext, input_schema=LeafInput, output_schema=LeafOutput
    )
    b.add_node("act", Act(toolkit), **model_node("hand_in", failure="failures"))
    b.add_node("lookup", build_lookup(toolkit))
    b.add_node("weave", Weave(toolkit))
    b.add_node("hand_in", HandIn(toolkit))
    b.add_edge(START, "act")
    b.add_conditional_edges("act", lookups, ["lookup", "hand_in"])
    b.add_edge("lookup", "weave")
    b.add_edge("weave", "hand_in")
    b.add_edge("hand_in", END)
    return compiled(b, "mcts_leaf", toolkit)
