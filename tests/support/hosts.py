"""Ways into a graph from a larger one: as a node, as an agent's tool, in a chain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import RunnableLambda
from langgraph.graph import END, START, StateGraph
from support.ferry import QUESTION
from typing_extensions import TypedDict

import churon
from churon.tools.toolkit import Toolkit

ANSWER = "The Lumen leaves at 07:30."


class Desk(TypedDict, total=False):
    """A host's own state."""

    question: str
    answer: str
    ticket: int


@dataclass
class Staff:
    """A context that churon knows nothing of."""

    name: str


class Agent(BaseChatModel):
    """Asks its tool once for each line of the message, then repeats what it was told."""

    @property
    def _llm_type(self) -> str:
        return "agent"

    def bind_tools(self, tools: Any, **_: Any) -> Any:
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        told = [one for one in messages if isinstance(one, ToolMessage)]
        calls = [
            {"name": "ask_documents", "args": {"question": asked}, "id": str(n)}
            for n, asked in enumerate(str(messages[-1].content).split("\n"))
        ]
        said = AIMessage(" ".join(str(one.content) for one in told))
        reply = said if told else AIMessage("", tool_calls=calls)
        return ChatResult(generations=[ChatGeneration(message=reply)])


def node(toolkit: Toolkit, graph: str = "self_rag", saver: Any = None) -> Any:
    """A graph as a node of a larger one."""
    host = StateGraph(Desk, context_schema=Staff)
    host.add_node("number", lambda state: {"ticket": state.get("ticket", 0) + 1})
    host.add_node("rag", churon.build_graph(graph, toolkit))
    host.add_edge(START, "number")
    host.add_edge("number", "rag")
    host.add_edge("rag", END)
    return host.compile(checkpointer=saver)


def agent(toolkit: Toolkit, graph: str = "self_rag", saver: Any = None) -> Any:
    """A graph as an agent's tool."""
    tool = churon.build_graph(graph, toolkit).as_tool()
    return create_agent(Agent(), [tool], context_schema=Staff, checkpointer=saver)


def chain(toolkit: Toolkit, graph: str = "self_rag", saver: Any = None) -> Any:
    """A graph in a chain."""
    asked = RunnableLambda(lambda given: {"question": given["question"]})
    return asked | churon.build_graph(graph, toolkit) | RunnableLambda(lambda out: out)


@dataclass(frozen=True)
class Way:
    """A host, how it is asked, where its answer is."""

    build: Callable[..., Any]
    given: dict[str, Any]
    read: Callable[[Any], str]
    options: dict[str, Any]


STAFF: dict[str, Any] = {"context": Staff("kim")}


WAYS = {
    "node": Way(node, {"question": QUESTION}, lambda out: out["answer"], STAFF),
    "tool": Way(
        agent, {"messages": [HumanMessage(QUESTION)]},
        lambda out: out["messages"][-1].content, STAFF,
    ),
    "runnable": Way(chain, {"question": QUESTION}, lambda out: out["answer"], {}),
}  # fmt: skip
