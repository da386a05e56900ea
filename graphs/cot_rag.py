"""CoT-RAG (arXiv 2504.13534, with Plan*RAG, IRCoT and Self-Ask): plan, then find step by step.

The decision tree's entities are the steps of `plan`; its pseudo-program is run round by round:
`record` names the steps that can run, each is the subgraph `step`, and `survey` searches for the
question as it is beside the first of several. `replan` mends a plan by evidence; `conclude` writes
the answer from what the steps found; `remember` keeps the case.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from langgraph.graph import StateGraph
from langgraph.types import Send

from churon.graphs import cot_step
from churon.graphs.contract import RagState, merge_by_key
from churon.graphs.frame import add_end, add_opening, framed
from churon.graphs.machine import RagGraph, compiled
from churon.graphs.policy import TIMEOUT, model_node, optional
from churon.nodes.finish import Finish
from churon.nodes.gather import Conclude, Record, Remember
from churon.nodes.plan import ApprovePlan, MakePlan, Replan
from churon.nodes.review import Review
from churon.nodes.support import CheckClaims
from churon.nodes.survey import Survey
from churon.tools.toolkit import Toolkit, served_toolkit
from churon.tools.types import Evidence, PlanStep, StepResult


class State(RagState):
    plan: list[PlanStep]
    results: Annotated[dict[str, StepResult], merge_by_key]
    recorded: list[str]
    """Steps whose results were noted."""
    round: list[str]
    """Steps that run next."""
    replans: int
    verdict: Literal["go_on", "replan", "conclude", "done", "settle"]


def dispatch(state: State) -> list[Send] | Literal["replan", "conclude"]:
    """All steps of the round at once; with the first round of several steps, the survey."""
    if state["verdict"] != "go_on":
        return "replan" if state["verdict"] == "replan" else "conclude"
    shared = {key: state[key] for key in ("run", "language", "filter", "account")}
    sends = []
    for step in state["plan"]:
        if step["id"] in state["round"]:
            parents = {key: state["results"][key] for key in step["depends_on"]}
            held = passages_of(parents, state["evidence"])
            given = {**shared, "step": step, "parents": parents, "evidence": held}
            sends.append(Send("step", given))
    if len(state["plan"]) > 1 and not state["queries"]:
        whole = {"standalone": state["standalone"], "planned": len(state["plan"])}
        sends.append(Send("survey", {**shared, **whole}))
    return sends


def passages_of(
    parents: dict[str, StepResult], evidence: dict[str, Evidence]
) -> dict[str, Evidence]:
    """What the parents rest on; how relevant it was to their questions says nothing of the next."""
    ids = [key for parent in parents.values() for key in parent["evidence_ids"]]
    return {key: {**evidence[key], "relevance": None} for key in ids}


def after_review(state: State) -> Literal["replan", "remember"]:
    """A contradicted conclusion is planned anew."""
    return "replan" if state["verdict"] == "replan" else "remember"


def build(toolkit: Toolkit, *, checkpointer: Any = None, nested: bool = False) -> RagGraph:
    """The graph over these resources; `nested` inside `auto`."""
    b = framed(State, nested=nested)
    add_opening(b, toolkit, State, "plan", nested=nested)
    b.add_node("plan", MakePlan(toolkit), **model_node("conclude", degrade=False))
    b.add_node("approve", ApprovePlan(toolkit))
    b.add_node("record", Record(toolkit))
    b.add_node("step", cot_step.build(toolkit))
    b.add_node("survey", Survey(toolkit), timeout=TIMEOUT, error_handler=optional("record"))
    b.add_node("replan", Replan(toolkit), **model_node("conclude"))
    b.add_node("conclude", Conclude(toolkit), **model_node("check", degrade=False))
    b.add_node("check", CheckClaims(toolkit), **model_node("review"))
    b.add_node("review", Review(toolkit))
    b.add_node("remember", Remember(toolkit), error_handler=optional("restate"))
    add_end(b, toolkit, Finish(toolkit, weigh_relevance=False, last=not nested))
    _connect(b)
    return compiled(b, "cot_rag", toolkit, checkpointer)


def _connect(b: StateGraph[Any, Any, Any, Any]) -> None:
    b.add_edge("plan", "approve")
    b.add_edge("approve", "record")
    b.add_conditional_edges("record", dispatch, ["step", "survey", "replan", "conclude"])
    b.add_edge("step", "record")
    b.add_edge("survey", "record")
    b.add_edge("replan", "record")
    b.add_edge("conclude", "check")
    b.add_edge("check", "review")
    b.add_conditional_edges("review", after_review)
    b.add_edge("remember", "restate")


graph = build(served_toolkit())
