"""The three ways into a host: a node of its graph, a tool of its agent, a plain Runnable."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import RunnableLambda
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command
from support import bridge
from support.ferry import QUESTION, TEXTS, model
from support.serving import slow_port
from support.world import ListStore, world
from typing_extensions import TypedDict

import churon
from churon.tools.errors import StoreError
from churon.tools.toolkit import Toolkit

ANSWER = "The Lumen leaves at 07:30."


class Desk(TypedDict, total=False):
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
    host = StateGraph(Desk, context_schema=Staff)
    host.add_node("number", lambda state: {"ticket": state.get("ticket", 0) + 1})
    host.add_node("rag", churon.build_graph(graph, toolkit))
    host.add_edge(START, "number")
    host.add_edge("number", "rag")
    host.add_edge("rag", END)
    return host.compile(checkpointer=saver)


def agent(toolkit: Toolkit, graph: str = "self_rag", saver: Any = None) -> Any:
    tool = churon.build_graph(graph, toolkit).as_tool()
    return create_agent(Agent(), [tool], context_schema=Staff, checkpointer=saver)


def chain(toolkit: Toolkit, graph: str = "self_rag", saver: Any = None) -> Any:
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


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    return WAYS[request.param]


@pytest.mark.parametrize("graph", ["self_rag", "two_stage"])
async def test_the_answer_arrives(way: Way, graph: str) -> None:
    host = way.build(world(model()), graph)
    assert ANSWER in way.read(await host.ainvoke(way.given, **way.options)).replace(" [1]", "")


def test_sync_hosts_get_it_too(way: Way) -> None:
    host = way.build(world(model()))
    assert ANSWER in way.read(host.invoke(way.given, **way.options)).replace(" [1]", "")


async def test_tokens_and_steps_stream_through(way: Way) -> None:
    host = way.build(world(model()), "two_stage")
    seen: list[Any] = []
    async for event in host.astream_events(way.given, version="v2", **way.options):
        seen.append((event["event"], event["name"]))
    for name in ("begin", "search", "rerank", "generate", "finish"):
        assert ("on_chain_end", name) in seen


async def test_a_hosts_own_stream_shows_what_goes_on_inside() -> None:
    for build in (node, agent):
        way = next(one for one in WAYS.values() if one.build is build)
        written, steps = "", []
        async for place, mode, event in build(world(model()), "two_stage").astream(
            way.given, stream_mode=["custom", "updates"], subgraphs=True, **way.options
        ):
            if mode == "custom":
                written += event["token"]
            elif place:
                steps += event
        assert "07:30" in written
        assert {"begin", "generate", "finish"} <= set(steps)


async def test_cancelling_the_host_cancels_the_model_call(way: Way) -> None:
    port = slow_port()
    chat: Any = port.model
    host = way.build(world(model(), port=port))
    task = asyncio.create_task(host.ainvoke(way.given, **way.options))
    assert await asyncio.to_thread(chat.began.wait, 10)
    assert not chat.cancelled.is_set()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 10)
    assert chat.cancelled.is_set()


async def test_budgets_hold(way: Way) -> None:
    called: list[str] = []
    sensible = model()

    def counted(step: str, prompt: str) -> Any:
        called.append(step)
        return sensible(step, prompt)

    toolkit = world(counted, limits={"calls": 2})
    await way.build(toolkit).ainvoke(way.given, **way.options)
    assert 1 <= len(called) <= 2


class Family(AsyncCallbackHandler):
    """Who started whom."""

    def __init__(self) -> None:
        self.parents: dict[Any, Any] = {}
        self.calls: list[Any] = []

    async def on_chain_start(self, *_: Any, run_id: Any, parent_run_id: Any, **__: Any) -> None:
        self.parents[run_id] = parent_run_id

    async def on_tool_start(self, *_: Any, run_id: Any, parent_run_id: Any, **__: Any) -> None:
        self.parents[run_id] = parent_run_id

    async def on_chat_model_start(
        self, *_: Any, run_id: Any, parent_run_id: Any, **__: Any
    ) -> None:
        self.parents[run_id] = parent_run_id
        self.calls.append(run_id)


async def test_one_trace_holds_all_of_it(way: Way) -> None:
    family = Family()
    await way.build(world(model())).ainvoke(way.given, {"callbacks": [family]}, **way.options)
    roots = {run for run, parent in family.parents.items() if parent is None}
    assert len(roots) == 1
    assert len(family.calls) > 3
    for run in family.calls:
        while family.parents[run] is not None:
            run = family.parents[run]
        assert run in roots


async def test_the_artifact_is_the_whole_output_and_the_text_names_sources() -> None:
    out = await agent(world(model())).ainvoke({"messages": [HumanMessage(QUESTION)]})
    (told,) = [one for one in out["messages"] if isinstance(one, ToolMessage)]
    assert set(told.artifact) == set(churon.RagOutput.__annotations__)
    assert told.status == "success"
    assert told.content.startswith("The Lumen leaves at 07:30. [1]")
    assert f"[1] {told.artifact['evidence']['p1']['document']}: {TEXTS[0]}" in told.content


async def test_questions_at_once_in_an_agent_with_a_memory() -> None:
    host = agent(world(model()), saver=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "t"}}
    asked = {"messages": [HumanMessage(f"{QUESTION}\n{QUESTION[:-1]} please?")]}
    out = await host.ainvoke(asked, config)
    told = [one for one in out["messages"] if isinstance(one, ToolMessage)]
    assert [one.tool_call_id for one in told] == ["0", "1"]
    assert all(ANSWER in str(one.content).replace(" [1]", "") for one in told)


async def test_a_failed_search_is_an_error_message_not_an_empty_answer() -> None:
    store = ListStore([], error=StoreError("Milvus is away.", remedy="Start it."))
    out = await agent(world(model(), store=store)).ainvoke({"messages": [HumanMessage(QUESTION)]})
    (told,) = [one for one in out["messages"] if isinstance(one, ToolMessage)]
    assert (told.status, told.content) == ("error", "Milvus is away. Start it.")


async def test_the_tenant_is_the_hosts_to_set_not_the_models() -> None:
    tool = churon.build_graph("two_stage", world(model())).as_tool(
        name="ask", description="Ask.", context={"k1": 1, "k2": 1}
    )
    assert (tool.name, tool.description, set(tool.args)) == (
        "ask",
        "Ask.",
        {"question", "language"},
    )
    call = {"type": "tool_call", "id": "1", "name": "ask", "args": {"question": QUESTION}}
    told = await tool.ainvoke(call)
    assert len(told.artifact["evidence"]) == 1
    refused = await tool.ainvoke({**call, "args": {"question": " "}})
    assert refused.status == "error" and "empty" in refused.content


async def test_streams_are_whole_inside_a_node_and_a_tool() -> None:
    toolkit = world(model())

    async def rag(state: Desk) -> Desk:
        events = [event async for event in churon.stream(state["question"], toolkit=toolkit)]
        json.dumps(events)  # plain data, for whoever sends them on
        assert {event["kind"] for event in events} == {"step", "token", "output"}
        return {"answer": events[-1]["output"]["answer"]}

    async def ask_documents(question: str) -> str:
        """Ask."""
        return (await rag({"question": question}))["answer"]

    host = StateGraph(Desk)
    host.add_node("rag", rag)
    host.add_edge(START, "rag")
    assert (await host.compile().ainvoke({"question": QUESTION}))["answer"] == ANSWER
    out = await create_agent(Agent(), [ask_documents]).ainvoke({"messages": [("user", QUESTION)]})
    assert out["messages"][-1].content == ANSWER
    assert (await rag({"question": QUESTION}))["answer"] == ANSWER


async def test_a_host_with_our_output_as_its_state_keeps_each_run_apart() -> None:
    class Held(churon.RagOutput):
        question: str

    host = StateGraph(Held)
    host.add_node("rag", churon.build_graph("self_rag", world(model(), limits={"calls": 4})))
    host.add_edge(START, "rag")
    runs = host.compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "t"}}
    first = await runs.ainvoke({"question": "Do zebras fly?"}, config)
    second = await runs.ainvoke({"question": "Do dogs fly?"}, config)
    assert first["stop_reason"].startswith("budget") and second["steps"]
    assert len(second["steps"]) == len(first["steps"])


@pytest.mark.parametrize("saver", [None, InMemorySaver()])
async def test_an_agent_pauses_for_a_plan_where_it_can_be_resumed(saver: Any) -> None:
    graph = churon.build_graph("cot_rag", world(bridge.model(), bridge.TEXTS))
    tool = graph.as_tool(context={"approve_plan": True})
    runs = create_agent(Agent(), [tool], checkpointer=saver)
    config: Any = {"configurable": {"thread_id": "t"}}
    out = await runs.ainvoke({"messages": [HumanMessage(bridge.QUESTION)]}, config)
    if saver is None:
        told = out["messages"][-1].content
        assert "nothing can resume it" in told and "checkpointer" in told
    else:
        assert "__interrupt__" in out
        out = await runs.ainvoke(Command(resume=True), config)
        assert "Sora Han" in out["messages"][-1].content


async def test_a_tool_whose_plan_waits_for_approval_says_what_to_do() -> None:
    graph = churon.build_graph("cot_rag", world(bridge.model(), bridge.TEXTS))
    tool = graph.as_tool(context={"approve_plan": True})
    call = {
        "type": "tool_call",
        "id": "1",
        "name": tool.name,
        "args": {"question": bridge.QUESTION},
    }
    message = await tool.ainvoke(call)
    assert message.status == "error" and "approve_plan" in message.content
