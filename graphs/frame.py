"""How every graph begins and ends; a graph inside `auto` goes on with the run that is under way."""

from __future__ import annotations

from typing import Annotated, Any

from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from churon.graphs.contract import RagInput, RagOutput, channels
from churon.graphs.policy import model_node
from churon.nodes.begin import Adopt, Begin
from churon.nodes.finish import Finish
from churon.nodes.language import LockLanguage
from churon.nodes.rewrite import Condense
from churon.nodes.tree import Tree
from churon.tools.account import merge_account
from churon.tools.context import RagContext
from churon.tools.toolkit import Toolkit
from churon.tools.types import Account, Filter, Language


class NestedInput(TypedDict):
    """What `auto` hands to a graph inside it: a question understood and a run under way."""

    question: str
    standalone: str
    language: Language
    filter: Filter | None
    run: str
    account: Account


class NestedOutput(RagOutput):
    """What it hands back, for the run to go on."""

    account: Annotated[Account, merge_account]


class NestedSearch(NestedOutput):
    """What a search tells beside that: LangGraph's streams show output channels of inner graphs."""

    tree: Tree


def framed(
    state: type, *, nested: bool, inside: type = NestedOutput
) -> StateGraph[Any, Any, Any, Any]:
    """A builder with the contract's schemas; `inside` is the output of a nested one."""
    return StateGraph(
        state,
        context_schema=RagContext,
        input_schema=NestedInput if nested else RagInput,
        output_schema=inside if nested else RagOutput,
    )


def add_opening(
    b: StateGraph[Any, Any, Any, Any], toolkit: Toolkit, state: type, then: str, *, nested: bool
) -> None:
    """`begin` and `condense`, then the node `then`; nested, the run is adopted."""
    if nested:
        b.add_node("begin", Adopt(toolkit, channels(state)))
        b.add_edge("begin", then)
    else:
        b.add_node("begin", Begin(toolkit, channels(state)))
        b.add_node("condense", Condense(toolkit), **model_node(then))
        b.add_edge("begin", "condense")
        b.add_edge("condense", then)
    b.add_edge(START, "begin")


def add_end(b: StateGraph[Any, Any, Any, Any], toolkit: Toolkit, finish: Finish) -> None:
    """`restate` and `finish`."""
    b.add_node("restate", LockLanguage(toolkit), **model_node("finish"))
    b.add_node("finish", finish)
    b.add_edge("restate", "finish")
    b.add_edge("finish", END)
