"""The three ways into a host: a node of its graph, a tool of its agent, a plain Runnable."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import AsyncCallbackHandler
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from support.ferry import QUESTION, model
from support.hosts import ANSWER, WAYS, Agent, Desk, Way, agent, node
from support.serving import slow_port
from support.world import world

import churon


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
