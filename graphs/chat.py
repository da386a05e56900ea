"""A conversation: messages in, one cited message out, as chat front ends want it.

`hear` takes the last human message as the question and the others as its history; the graph that
`RagContext.chat_graph` names answers, inside a node of its name: its updates, events and pauses
come through. The message's tokens are streamed under the id that the whole message has then, which
takes their place; its `response_metadata` holds citations, status, usage (`nodes/reply.py`).
"""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any, Literal, NotRequired, get_args

from langchain_core.messages import AnyMessage
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from pydantic import with_config
from typing_extensions import TypedDict

from churon.graphs.contract import DESCRIBED, RagInput
from churon.graphs.machine import RagGraph, compiled
from churon.nodes.hear import Hear, Heard
from churon.nodes.reply import Aloud, message
from churon.tools.context import RagContext
from churon.tools.models.voice import Speech, heard_by
from churon.tools.toolkit import Toolkit, served_toolkit
from churon.tools.types import Filter, Machine


@with_config(DESCRIBED)
class ChatInput(TypedDict):
    """What was said so far."""

    messages: Annotated[list[AnyMessage], add_messages]
    """The last one of a human is answered; the others are what it may refer to."""
    language: NotRequired[Literal["auto", "en", "ko"]]
    """Language of the answer; auto takes the question's."""
    filter: NotRequired[Filter | None]
    """Metadata that passages must have, such as {"document": "guide.pdf"}."""


class ChatOutput(TypedDict):
    """The conversation with its answer."""

    messages: Annotated[list[AnyMessage], add_messages]


class State(ChatInput, Heard):
    """What one message needs; the run's own state is the machine's."""


def chosen_machine(state: State) -> Machine:
    """The graph that `hear` named."""
    return state["machine"]


def build(toolkit: Toolkit, *, checkpointer: Any = None) -> RagGraph:
    """The graph over these resources."""
    b = StateGraph(
        State, context_schema=RagContext, input_schema=ChatInput, output_schema=ChatOutput
    )
    b.add_node("hear", Hear(toolkit))
    for name in get_args(Machine):
        machine = import_module(f"churon.graphs.{name}").build(toolkit)
        b.add_node(name, answering(machine))
        b.add_edge(name, END)
    b.add_edge(START, "hear")
    b.add_conditional_edges("hear", chosen_machine)
    return compiled(b, "chat", toolkit, checkpointer)


def answering(machine: RagGraph) -> Any:
    """The node that answers with `machine`: a closure, as there LangGraph finds inner graphs."""

    async def answer(state: State, config: RunnableConfig) -> ChatOutput:
        asked = RagInput(
            question=state["question"],
            history=state["history"],
            language=state.get("language", "auto"),
            filter=state.get("filter"),
        )
        speech = Speech(state["reply"])
        aloud = Aloud(speech.say)
        try:
            with heard_by(aloud):
                outcome: Any = await machine.ainvoke(asked, config)
            aloud.end()
        finally:
            await speech.end()
        return {"messages": [message(outcome, speech.id)]}

    return answer


graph = build(served_toolkit())
