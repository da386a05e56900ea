"""One step of CoT-RAG's plan: fill, then compute, reason or look up; a lookup that fails is
searched anew once, then hop by hop (IRCoT, arXiv 2212.10509), then given up.
"""

from __future__ import annotations

from typing import Annotated, Literal

from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from churon.graphs import retrieval
from churon.graphs.contract import Trail, merge_by_key, merge_evidence
from churon.graphs.machine import RagGraph, compiled
from churon.graphs.policy import model_node
from churon.nodes.hop import Hop
from churon.nodes.judge import JudgeStep
from churon.nodes.step import FillStep, ReadStep, ReasonStep, SettleStep
from churon.tools.context import RagContext
from churon.tools.toolkit import Toolkit
from churon.tools.types import Account, Evidence, Filter, Language, PlanStep, StepResult


class StepInput(TypedDict):
    run: str
    language: Language
    filter: Filter | None
    account: Account
    step: PlanStep
    parents: dict[str, StepResult]
    evidence: Annotated[dict[str, Evidence], merge_evidence]


class StepOutput(Trail):
    results: Annotated[dict[str, StepResult], merge_by_key]


class StepState(StepInput, StepOutput):
    standalone: str
    found: StepResult
    query: str
    asked: str
    graded: bool
    thoughts: list[str]
    answer: str
    top: list[str]
    kept: list[str]
    rounds: int
    sufficient: bool
    stale: bool
    verdict: Literal["search", "reason", "hop", "settle"]


def by_verdict(state: StepState) -> Literal["retrieval", "reason", "hop", "settle"]:
    """What `fill` or `judge` decided."""
    if state.get("stop_reason"):
        return "settle"
    return "retrieval" if state["verdict"] == "search" else state["verdict"]


def after_hop(state: StepState) -> Literal["retrieval", "settle"]:
    """Search for the thought, if there is one."""
    return "retrieval" if state["query"] and not state.get("stop_reason") else "settle"


def build(toolkit: Toolkit) -> RagGraph:
    """The subgraph of one step."""
    b = StateGraph(
        StepState, context_schema=RagContext, input_schema=StepInput, output_schema=StepOutput
    )
    b.add_node("fill", FillStep(toolkit))
    b.add_node("retrieval", retrieval.build(toolkit))
    b.add_node("read", ReadStep(toolkit), **model_node("judge", failure="failures"))
    b.add_node("reason", ReasonStep(toolkit), **model_node("settle", failure="failures"))
    b.add_node("judge", JudgeStep(toolkit))
    b.add_node("hop", Hop(toolkit), **model_node("settle"))
    b.add_node("settle", SettleStep(toolkit))
    b.add_edge(START, "fill")
    b.add_conditional_edges("fill", by_verdict, ["retrieval", "reason", "settle"])
    b.add_edge("retrieval", "read")
    b.add_edge("read", "judge")
    b.add_conditional_edges("judge", by_verdict, ["retrieval", "hop", "settle"])
    b.add_conditional_edges("hop", after_hop)
    b.add_edge("reason", "settle")
    b.add_edge("settle", END)
    return compiled(b, "cot_step", toolkit)
