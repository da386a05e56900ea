"""Self-RAG (arXiv 2310.11511) in three forms, chosen by `RagContext.form`.

Retrieve is `reflect`; IsRel is `grade` in the retrieval subgraph; a candidate y_t per passage is
`candidate`; IsSup and IsUse are `critique`; the best path is `select`. The iterative form writes
partial answers (`partial`, `check_partial`) round by round and joins them in `synthesise`; the
long form is its own subgraph.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from langgraph.graph import StateGraph
from langgraph.types import Send

from churon.graphs import long_form, retrieval
from churon.graphs.contract import RagState, append, merge_by_key
from churon.graphs.frame import add_end, add_opening, framed
from churon.graphs.machine import RagGraph, compiled
from churon.graphs.policy import join, model_node
from churon.nodes.finish import Finish
from churon.nodes.generate import Synthesise, WriteAnswer, WriteCandidate, WriteDirect
from churon.nodes.judge import JudgeRound, JudgeShort
from churon.nodes.reflect import ShouldRetrieve
from churon.nodes.select import Select
from churon.nodes.support import CheckClaims, Critique
from churon.tools.toolkit import Toolkit, served_toolkit
from churon.tools.types import Candidate


class State(RagState):
    retrieval: bool
    form: Literal["short", "iterative", "long"]
    candidates: Annotated[dict[str, Candidate], merge_by_key]
    partials: Annotated[list[str], append]
    verdict: Literal["again", "synthesise", "settle"]


def after_reflect(state: State) -> Literal["direct", "retrieval", "long_form"]:
    """No search, a search, or the beam that searches for itself."""
    if not state["retrieval"]:
        return "direct"
    return "long_form" if state["form"] == "long" else "retrieval"


def after_direct(state: State) -> Literal["retrieval", "long_form", "restate"]:
    """The model did not know after all: search."""
    if state["retrieval"] and not state.get("stop_reason"):
        return "long_form" if state["form"] == "long" else "retrieval"
    return "restate"


def after_retrieval(
    state: State,
) -> list[Send] | Literal["select", "partial", "judge_round", "synthesise", "check"]:
    """Short: one candidate a passage that has none yet. Iterative: a partial answer."""
    if state["form"] == "short":
        new = [key for key in state["top"] if key not in state["candidates"]]
        if state.get("stop_reason") or not new:
            return "select"
        return [Send("candidate", _sole(state, key)) for key in new]
    if state.get("stop_reason"):
        return "check"
    if state["sufficient"] or state["stale"]:
        return "synthesise" if len(state["partials"]) > 1 else "check"
    return "partial" if state["kept"] else "judge_round"


def to_critique(state: State) -> list[Send] | Literal["select"]:
    """Every candidate that was not critiqued yet."""
    fresh = [c for c in state["candidates"].values() if c["text"] and c["s_sup"] is None]
    if state.get("stop_reason") or not fresh:
        return "select"
    return [Send("critique", {**_sole(state, c["evidence_id"]), "candidate": c}) for c in fresh]


def after_short(state: State) -> Literal["retrieval", "check"]:
    """A new search when nothing passed, or the last checks."""
    again = state["verdict"] == "again" and not state.get("stop_reason")
    return "retrieval" if again else "check"


def after_round(state: State) -> Literal["retrieval", "synthesise", "check"]:
    """Another round, the synthesis of several rounds, or the last checks."""
    if state.get("stop_reason") or state["verdict"] == "settle":
        return "check"
    return "retrieval" if state["verdict"] == "again" else "synthesise"


def _sole(state: State, key: str) -> dict[str, Any]:
    return {
        "run": state["run"],
        "language": state["language"],
        "account": state["account"],
        "standalone": state["standalone"],
        "passage": state["evidence"][key],
    }


def build(toolkit: Toolkit, *, checkpointer: Any = None, nested: bool = False) -> RagGraph:
    """The graph over these resources; `nested` inside `auto`."""
    b = framed(State, nested=nested)
    add_opening(b, toolkit, State, "reflect", nested=nested)
    b.add_node("reflect", ShouldRetrieve(toolkit), **model_node("retrieval"))
    b.add_node("retrieval", retrieval.build(toolkit))
    b.add_node("candidate", WriteCandidate(toolkit), **model_node("written", failure="failures"))
    b.add_node("written", join)
    b.add_node("critique", Critique(toolkit), **model_node("select"))
    b.add_node("select", Select(toolkit))
    b.add_node("judge_short", JudgeShort(toolkit))
    b.add_node(
        "partial", WriteAnswer(toolkit, "partial"), **model_node("judge_round", degrade=False)
    )
    b.add_node("check_partial", CheckClaims(toolkit), **model_node("judge_round"))
    b.add_node("judge_round", JudgeRound(toolkit))
    b.add_node("synthesise", Synthesise(toolkit), **model_node("check", degrade=False))
    b.add_node("direct", WriteDirect(toolkit), **model_node("restate", degrade=False))
    b.add_node("long_form", long_form.build(toolkit))
    b.add_node("check", CheckClaims(toolkit), **model_node("restate"))
    add_end(b, toolkit, Finish(toolkit, last=not nested))
    _connect(b)
    return compiled(b, "self_rag", toolkit, checkpointer)


def _connect(b: StateGraph[Any, Any, Any, Any]) -> None:
    b.add_conditional_edges("reflect", after_reflect)
    b.add_conditional_edges(
        "retrieval",
        after_retrieval,
        ["candidate", "select", "partial", "judge_round", "synthesise", "check"],
    )
    b.add_edge("candidate", "written")
    b.add_conditional_edges("written", to_critique, ["critique", "select"])
    b.add_edge("critique", "select")
    b.add_edge("select", "judge_short")
    b.add_conditional_edges("judge_short", after_short)
    b.add_edge("partial", "check_partial")
    b.add_edge("check_partial", "judge_round")
    b.add_conditional_edges("judge_round", after_round)
    b.add_edge("synthesise", "check")
    b.add_conditional_edges("direct", after_direct)
    b.add_edge("long_form", "check")
    b.add_edge("check", "restate")


graph = build(served_toolkit())
