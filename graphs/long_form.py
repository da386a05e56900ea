"""Self-RAG's long form (arXiv 2310.11511): a beam of B hypotheses over at most T sentences.

Retrieve {yes, no, continue} is `decide`; retrieving again is `reach`; a segment with its IsRel,
IsSup and IsUse is `extend`; the segment-level beam search is `prune`. Worst case T x B x K
generations: `decide` says so in its first step.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from typing_extensions import TypedDict

from churon.graphs.contract import Trail, merge_by_key
from churon.graphs.machine import RagGraph, compiled
from churon.graphs.policy import join, model_node
from churon.nodes.beam import DecideBeams, ExtendBeam, PruneBeams
from churon.nodes.beam_answer import TakeBeam
from churon.nodes.reach import Reach
from churon.tools.context import RagContext
from churon.tools.toolkit import Toolkit
from churon.tools.types import Account, Beam, Claim, Filter, Language


class LongInput(TypedDict):
    run: str
    language: Language
    standalone: str
    filter: Filter | None
    account: Account
    stop_reason: str


class LongOutput(Trail):
    answer: str
    claims: list[Claim]


class LongState(LongInput, LongOutput):
    beams: list[Beam]
    drafts: Annotated[dict[str, Beam], merge_by_key]
    reach: Annotated[dict[str, list[str]], merge_by_key]
    rounds: int


def after_decide(state: LongState) -> list[Send] | Literal["spread", "take"]:
    """Search again for every live beam that wants to; "take" when the budget is used up."""
    if state.get("stop_reason"):
        return "take"
    wanting = [b for b in state["beams"] if not b["finished"] and b["decision"] == "Y"]
    return [Send("reach", {**_shared(state), "beam": beam}) for beam in wanting] or "spread"


def spread(state: LongState) -> list[Send] | Literal["prune", "take"]:
    """Extend every live beam by every passage in its reach, its last one, or none."""
    if state.get("stop_reason"):
        return "take"
    sends = []
    for beam in state["beams"]:
        if not beam["finished"]:
            for key in _sources(state, beam):
                passage = state["evidence"].get(key) if key else None
                sends.append(Send("extend", {**_shared(state), "beam": beam, "passage": passage}))
    return sends or "prune"


def after_prune(state: LongState) -> Literal["decide", "take"]:
    """On while a beam lives; depth is the run's, so `prune` itself ends the last ones."""
    if state.get("stop_reason") or all(beam["finished"] for beam in state["beams"]):
        return "take"
    return "decide"


def _sources(state: LongState, beam: Beam) -> list[str]:
    if beam["decision"] == "Y":
        return state["reach"].get(beam["id"], [])
    return [beam["last"]] if beam["decision"] == "C" else [""]


def _shared(state: LongState) -> dict[str, Any]:
    return {
        "run": state["run"],
        "language": state["language"],
        "account": state["account"],
        "standalone": state["standalone"],
        "filter": state["filter"],
    }


def build(toolkit: Toolkit) -> RagGraph:
    """The subgraph of the long form."""
    b = StateGraph(
        LongState, context_schema=RagContext, input_schema=LongInput, output_schema=LongOutput
    )
    b.add_node("decide", DecideBeams(toolkit), **model_node("spread"))
    b.add_node("reach", Reach(toolkit), **model_node("spread", failure="failures"))
    b.add_node("spread", join)
    b.add_node("extend", ExtendBeam(toolkit), **model_node("prune", failure="failures"))
    b.add_node("prune", PruneBeams(toolkit))
    b.add_node("take", TakeBeam(toolkit))
    b.add_edge(START, "decide")
    b.add_conditional_edges("decide", after_decide, ["reach", "spread", "take"])
    b.add_edge("reach", "spread")
    b.add_conditional_edges("spread", spread, ["extend", "prune", "take"])
    b.add_edge("extend", "prune")
    b.add_conditional_edges("prune", after_prune)
    b.add_edge("take", END)
    return compiled(b, "long_form", toolkit)
