"""One trace a run, through every door; runs side by side do not mix."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command
from langserve import RemoteRunnable
from opentelemetry.sdk.trace import TracerProvider
from support import bridge
from support.collector import KEYS, Collector
from support.ferry import QUESTION
from support.mcp_clients import local
from support.serving import LOCAL, client, keys, over, question
from typing_extensions import TypedDict

import churon
from churon.graphs.registry import build_graph
from churon.tools.tracing import pipe

Traced = Callable[..., Any]
ASKED = {"question": QUESTION}


class Host(TypedDict, total=False):
    question: str
    answer: str


def host(inner: Any, config: Any = None) -> Any:
    """A host's graph with ours in one of its nodes."""

    async def research(state: Host, config: RunnableConfig) -> Host:
        output = await inner.ainvoke({"question": state["question"]}, config)
        return {"answer": output["answer"]}

    b = StateGraph(Host)
    b.add_node("research", research)
    b.add_edge(START, "research")
    b.add_edge("research", END)
    return b.compile(name="host")


async def test_python(collected: Collector, traced: Traced, sent: Any) -> None:
    toolkit = traced(langfuse=collected.langfuse)
    config = {"metadata": {"langfuse_session_id": "s"}}
    await churon.ask(QUESTION, "two_stage", toolkit=toolkit, config=config)
    assert sent().attributes["session.id"] == "s"
    async for _ in churon.stream(QUESTION, "two_stage", toolkit=toolkit):
        pass
    assert pipe.flush(10) and len(collected.trees()) == 2


def test_code_that_is_not_async(collected: Collector, traced: Traced, sent: Any) -> None:
    build_graph("two_stage", traced(langfuse=collected.langfuse)).invoke(ASKED)
    assert sent().find("retrieval", "retrieval", "milvus")


def test_a_thread_of_a_host(collected: Collector, traced: Traced, sent: Any) -> None:
    inner = build_graph("self_rag", traced(langfuse=collected.langfuse))

    def research(state: Host, config: RunnableConfig) -> Host:  # LangGraph runs it in a thread
        return {"answer": inner.invoke({"question": state["question"]}, config)["answer"]}

    b = StateGraph(Host)
    b.add_node("research", research)
    b.add_edge(START, "research")
    assert b.compile().invoke({"question": QUESTION})["answer"]
    assert len(sent().find("retrieval", "retrieval", "grade")) == 3


async def test_a_conversation(collected: Collector, traced: Traced, sent: Any) -> None:
    toolkit = traced(langfuse=collected.langfuse, chat_graph="self_rag")
    config: Any = {"configurable": {"thread_id": "t-9"}}
    await build_graph("chat", toolkit).ainvoke({"messages": [("user", QUESTION)]}, config)
    root = sent()
    assert root.name == "chat" and root.find("self_rag", "retrieval", "retrieval", "grade")
    assert {one["name"] for one in collected.scores} >= {"support", "status"}
    assert {one.attributes["session.id"] for one in root.walk()} == {"t-9"}


async def test_a_pause_is_no_failure_and_goes_on_in_the_same_session(
    collected: Collector, traced: Traced
) -> None:
    toolkit = traced(bridge.model(), langfuse=collected.langfuse, texts=bridge.TEXTS)
    machine = build_graph("cot_rag", toolkit, checkpointer=InMemorySaver())
    given: Any = {"config": {"configurable": {"thread_id": "t"}}, "context": {"approve_plan": True}}
    await machine.ainvoke({"question": bridge.QUESTION}, **given)
    await machine.ainvoke(Command(resume=True), **given)
    assert pipe.flush(10)
    trees = collected.trees()
    assert [tree.attributes["session.id"] for tree in trees] == ["t", "t"]
    assert not any(span.failed for tree in trees for span in tree.walk())


async def test_a_stream_that_is_left(collected: Collector, traced: Traced, sent: Any) -> None:
    events = churon.stream(QUESTION, "self_rag", toolkit=traced(langfuse=collected.langfuse))
    async for event in events:
        if event.get("node") == "grade":
            break
    await events.aclose()  # type: ignore[attr-defined]
    assert sent().find("retrieval", "retrieval", "grade")


@pytest.fixture
def app(collected: Collector, traced: Traced) -> Any:
    return over(traced(langfuse=collected.langfuse), {"keys": keys(kim=None)})


async def test_mcp(collected: Collector, traced: Traced, sent: Any) -> None:
    async with local(traced(langfuse=collected.langfuse), "auto") as mcp:
        answer = await mcp.call_tool("ask", {"question": QUESTION, "graph": "two_stage"})
    assert not answer.is_error
    root = sent()
    assert root.name == "two_stage" and "door:mcp" in root.attributes["langfuse.trace.tags"]


async def test_the_page(collected: Collector, sent: Any, app: Any) -> None:
    async with client(app, "key-of-kim") as http:
        body = {"question": QUESTION, "graph": "two_stage"}
        answer = await http.post("/ask", json=body, headers={"X-Session-Id": "s-3"})
    assert answer.status_code == 200, answer.text
    told = sent().attributes
    assert "door:ask" in told["langfuse.trace.tags"] and told["session.id"] == "s-3"


@pytest.mark.parametrize("stream", [False, True])
async def test_openai(collected: Collector, sent: Any, app: Any, stream: bool) -> None:
    more = {"user": "u-1", "metadata": {"session_id": "s-1"}}
    async with client(app, "key-of-kim") as http:
        body = question(QUESTION, "self_rag", stream=stream, **more)
        answer = await http.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200
    told = sent().attributes
    assert (told["session.id"], told["user.id"]) == ("s-1", "u-1")
    assert {"door:openai", "key:kim"} < set(told["langfuse.trace.tags"])
    assert told["langfuse.trace.metadata.request"] == answer.headers["x-request-id"]
    assert b"key-of-kim" not in collected.bodies


async def test_langserve(collected: Collector, app: Any) -> None:
    place = f"{LOCAL}/langserve/two_stage/"
    remote: RemoteRunnable[Any, Any] = RemoteRunnable(place)
    headers = {"Authorization": "Bearer key-of-kim", "X-Session-Id": "s-2"}
    remote.async_client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=place, headers=headers
    )
    await remote.ainvoke(ASKED)
    await remote.abatch([ASKED, ASKED])
    _ = [piece async for piece in remote.astream(ASKED)]
    _ = [event async for event in remote.astream_events(ASKED, version="v2")]
    assert pipe.flush(10)
    trees = collected.trees()
    assert [tree.name for tree in trees] == ["two_stage"] * 5
    assert {tree.attributes["session.id"] for tree in trees} == {"s-2"}
    assert {tree.attributes["user.id"] for tree in trees} == {"kim"}


async def test_inside_a_host_graph_without_a_tracer(
    collected: Collector, traced: Traced, sent: Any
) -> None:
    inner = build_graph("self_rag", traced(langfuse=collected.langfuse))
    assert (await host(inner).ainvoke({"question": QUESTION}))["answer"]
    root = sent()
    assert root.name == "self_rag" and root.find("retrieval", "retrieval", "grade")


async def test_a_host_with_langfuses_own_handler_gets_no_second_one(
    collected: Collector, traced: Traced
) -> None:
    langfuse = pytest.importorskip("langfuse")
    from langfuse._client.resource_manager import LangfuseResourceManager
    from langfuse.langchain import CallbackHandler

    theirs = langfuse.Langfuse(
        **{**KEYS, "base_url": collected.url},
        tracer_provider=TracerProvider(shutdown_on_exit=False),
    )
    try:
        inner = build_graph("two_stage", traced(langfuse=collected.langfuse))
        config: Any = {"callbacks": [CallbackHandler()]}
        await host(inner).ainvoke({"question": QUESTION}, config)
        theirs.flush()
        assert langfuse.get_client()._resources is theirs._resources
    finally:
        LangfuseResourceManager.reset()
    assert pipe.flush(10)
    root = collected.tree()
    assert root.name == "host" and collected.scores == []
    [ours] = root.find("research", "two_stage")
    [found] = ours.find("retrieval", "retrieval", "search", "milvus")
    assert found.type == "retriever"


async def test_a_host_with_another_project_keeps_its_client(
    collected: Collector, traced: Traced, sent: Any
) -> None:
    langfuse = pytest.importorskip("langfuse")
    from langfuse._client.resource_manager import LangfuseResourceManager

    provider = TracerProvider(shutdown_on_exit=False)
    theirs = langfuse.Langfuse(
        public_key="pk-host", secret_key="sk-host", base_url="http://127.0.0.1:9",
        tracer_provider=provider,
    )  # fmt: skip
    try:
        machine = build_graph("two_stage", traced(langfuse=collected.langfuse))
        await machine.ainvoke(ASKED)
        # with a second client of Langfuse's in the process this one would be switched off
        assert langfuse.get_client()._resources is theirs._resources
    finally:
        LangfuseResourceManager.reset()
    assert sent().name == "two_stage"


async def test_eight_at_once_are_eight_traces(collected: Collector, traced: Traced) -> None:
    machine = build_graph("self_rag", traced(langfuse=collected.langfuse))

    async def one(n: int) -> None:
        metadata = {"langfuse_session_id": f"s{n}", "langfuse_user_id": f"u{n}"}
        asked = {"question": f"{QUESTION} Number {n}."}
        await machine.ainvoke(asked, {"metadata": metadata})

    await asyncio.gather(*(one(n) for n in range(8)))
    assert pipe.flush(10)
    trees = collected.trees()
    assert len({tree.trace for tree in trees}) == len(trees) == 8
    for tree in trees:
        n = tree.attributes["session.id"].removeprefix("s")
        assert {span.attributes["user.id"] for span in tree.walk()} == {f"u{n}"}
        assert {span.trace for span in tree.walk()} == {tree.trace}
        [found] = tree.find("milvus")
        assert found.input.endswith(f"Number {n}.")
    assert {one["traceId"] for one in collected.scores} == {tree.trace for tree in trees}


async def test_without_settings_nothing_is_sent_or_imported(
    collected: Collector, traced: Traced
) -> None:
    toolkit = traced(langfuse={"public_key": "pk", "host": collected.url})
    await build_graph("two_stage", toolkit).ainvoke(ASKED)
    assert pipe.flush(1) and collected.paths == []
