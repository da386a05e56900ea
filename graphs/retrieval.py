"""The shared retrieval subgraph: gap (R1), search and rerank (R2), grade (R3), digest (R4).

Self-RAG's IsRel is `grade`; its passages y_t are `top`, the relevant ones `kept`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from langchain_core.documents import Document
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from typing_extensions import TypedDict

from churon.graphs.contract import append, keep_first, merge_evidence, union
from churon.graphs.machine import RagGraph, compiled
from churon.graphs.policy import TIMEOUT, model_node, recover
from churon.nodes.grade import Digest, Grade
from churon.nodes.rerank import Rerank
from churon.nodes.retrieve import Retrieve
from churon.nodes.rewrite import FindGap
from churon.tools.account import merge_account
from churon.tools.context import RagContext
from churon.tools.toolkit import Toolkit
from churon.tools.types import Account, Evidence, Filter, Language


class RetrievalOutput(TypedDict):
    evidence: Annotated[dict[str, Evidence], merge_evidence]
    queries: Annotated[list[str], union]
    top: list[str]
    kept: list[str]
    rounds: int
    sufficient: bool
    stale: bool
    steps: Annotated[list[dict[str, Any]], append]
    account: Annotated[Account, merge_account]
    degraded: Annotated[list[str], union]
    stop_reason: Annotated[str, keep_first]


class RetrievalInput(TypedDict):
    run: str
    language: Language
    standalone: str
    filter: Filter | None
    evidence: dict[str, Evidence]
    queries: list[str]
    kept: list[str]
    answer: str
    form: NotRequired[str]
    query: str
    """The next search, where the caller knows it; else the gap step thinks of one."""
    asked: NotRequired[str]
    """What passages are reranked for, where that is not the question: a hop's thought."""
    graded: NotRequired[bool]
    """False: every reranked passage is kept ungraded."""
    rounds: int
    account: Account
    stop_reason: str


class RetrievalState(RetrievalInput, RetrievalOutput):
    found: list[Document]


def after_gap(state: RetrievalState) -> Literal["search", "digest"]:
    """Search when there is something new to look for."""
    stop = state["sufficient"] or state["stale"] or state.get("stop_reason")
    return "digest" if stop else "search"


def fan_out(state: RetrievalState) -> list[Send] | Literal["digest"]:
    """One grader a passage; those graded in an earlier round keep their grade."""
    if not state["top"] or state.get("stop_reason") or not state.get("graded", True):
        return "digest"
    shared = {
        "run": state["run"],
        "language": state["language"],
        "account": state["account"],
        "standalone": state["standalone"],
    }
    return [Send("grade", {**shared, "passage": state["evidence"][key]}) for key in state["top"]]


def build(toolkit: Toolkit, *, grading: bool = True) -> RagGraph:
    """The subgraph; without `grading` (two-stage retrieval) every reranked passage is kept."""
    b = StateGraph(
        RetrievalState,
        context_schema=RagContext,
        input_schema=RetrievalInput,
        output_schema=RetrievalOutput,
    )
    b.add_node("gap", FindGap(toolkit), **model_node("digest"))
    b.add_node("search", Retrieve(toolkit), **model_node("digest", degrade=False))
    # a reranker that fails is made up for by the run; whatever else happens is no empty search
    unranked = recover("digest", degrade=False)
    b.add_node("rerank", Rerank(toolkit), timeout=TIMEOUT, error_handler=unranked)
    b.add_node("digest", Digest(toolkit, grading))
    b.add_edge(START, "gap")
    b.add_conditional_edges("gap", after_gap)
    b.add_edge("search", "rerank")
    if grading:
        b.add_node("grade", Grade(toolkit), **model_node("digest"))
        b.add_conditional_edges("rerank", fan_out, ["grade", "digest"])
        b.add_edge("grade", "digest")
    else:
        b.add_edge("rerank", "digest")
    b.add_edge("digest", END)
    return compiled(b, "retrieval", toolkit)
