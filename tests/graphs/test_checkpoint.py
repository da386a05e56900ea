"""Checkpoints hold plain data: equal after a round trip, resumable after a kill."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from support import bridge
from support.ferry import QUESTION, TEXTS, model
from support.killing import bridged, kill_after
from support.scripted import Reply
from support.world import ListStore, world

from churon.graphs.registry import build_graph
from churon.tools.errors import StoreError

FORMS = ["short", "iterative", "long"]


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGGRAPH_STRICT_MSGPACK", "true")


def config() -> Any:
    return {"configurable": {"thread_id": "t"}}


@pytest.mark.parametrize("form", FORMS)
async def test_every_state_survives_a_strict_round_trip(form: str) -> None:
    serde = JsonPlusSerializer(allowed_msgpack_modules=None)
    graph = build_graph("self_rag", world(model(), form=form), checkpointer=InMemorySaver())
    await graph.ainvoke({"question": QUESTION}, config())
    states = [snapshot.values async for snapshot in graph.aget_state_history(config())]
    assert len(states) > 5
    for state in states:
        assert serde.loads_typed(serde.dumps_typed(state)) == state


async def test_a_second_question_on_the_thread_begins_afresh(tmp_path: Path) -> None:
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "c.db")) as saver:
        graph = build_graph("self_rag", world(model()), checkpointer=saver)
        first = await graph.ainvoke({"question": QUESTION}, config())
        second = await graph.ainvoke({"question": QUESTION}, config())
    for output in (first, second):
        output["usage"].pop("seconds")
    assert first == second


@pytest.mark.parametrize("graph", ["cot_rag", "mcts_rag", "auto"])
async def test_reasoning_states_survive_a_strict_round_trip(graph: str) -> None:
    serde = JsonPlusSerializer(allowed_msgpack_modules=None)
    machine = bridged(graph, InMemorySaver())
    await machine.ainvoke({"question": bridge.QUESTION}, config())
    states = [snapshot.values async for snapshot in machine.aget_state_history(config())]
    assert len(states) > 5
    for state in states:
        assert serde.loads_typed(serde.dumps_typed(state)) == state


@pytest.mark.parametrize(
    ("graph", "calls"),
    [("cot_rag", n) for n in (0, 2, 4, 6, 8)] + [("mcts_rag", n) for n in (0, 1, 3, 5, 7)],
)
async def test_a_killed_reasoning_run_resumes_to_the_same_answer(
    tmp_path: Path, graph: str, calls: int
) -> None:
    database = str(tmp_path / "c.db")
    await kill_after(calls, graph, database)
    whole = await bridged(graph).ainvoke({"question": bridge.QUESTION})
    assert whole["status"] == "grounded"
    called: list[str] = []
    async with AsyncSqliteSaver.from_conn_string(database) as saver:
        machine = bridged(graph, saver, called)
        resumed = await machine.ainvoke(None, config())
    for key in ("answer", "status", "claims", "evidence", "missing", "stop_reason"):
        assert resumed[key] == whole[key], key
    # the same plan, results and tree, node by node
    kept = ("plan", "result", "tree", "rollouts", "winner")
    trails = [[s for s in output["steps"] if s["step"] in kept] for output in (resumed, whole)]
    assert trails[0] == trails[1]
    # branches that the killed process had finished are paid for too; what its unfinished steps had
    # spent is not known
    assert whole["usage"]["calls"] <= resumed["usage"]["calls"] <= calls + len(called)


async def test_a_run_ended_inside_a_fan_out_counts_what_its_branches_spent() -> None:
    saver, started, answer = InMemorySaver(), [], model()
    graded, others, third = 0, asyncio.Event(), asyncio.Event()

    def counted(step: str, prompt: str) -> Any:
        started.append(step)
        if step != "grade":
            return answer(step, prompt)
        if started.count("grade") == 3:
            third.set()
            return Reply("", delay=3_600)
        # what is handed in before the third has begun would not know of its call
        return replace(answer(step, prompt), until=third)

    async def run() -> None:
        nonlocal graded
        graph = build_graph("self_rag", world(counted), checkpointer=saver)
        options: Any = {"stream_mode": "updates", "subgraphs": True, "durability": "sync"}
        async for _, update in graph.astream({"question": QUESTION}, config(), **options):
            graded += "grade" in update
            if graded == 2:
                others.set()

    first = asyncio.create_task(run())
    await others.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    resumed = build_graph("self_rag", world(counted), checkpointer=saver)
    output = await resumed.ainvoke(None, config())
    assert started.count("grade") == 4  # the third one again, no other
    assert output["usage"]["calls"] == len(started)


@pytest.mark.parametrize("calls", [0, 2, 4, 5, 7])
async def test_a_killed_run_resumes_to_the_same_answer(tmp_path: Path, calls: int) -> None:
    database = str(tmp_path / "c.db")
    await kill_after(calls, "self_rag", database)
    whole = await build_graph("self_rag", world(model())).ainvoke({"question": QUESTION})
    async with AsyncSqliteSaver.from_conn_string(database) as saver:
        graph = build_graph("self_rag", world(model()), checkpointer=saver)
        resumed = await graph.ainvoke(None, config())
    for key in ("answer", "status", "claims", "evidence", "missing", "stop_reason"):
        assert resumed[key] == whole[key], key
    # what the killed process had spent and saved still counts
    assert resumed["usage"]["searches"] == 1


async def test_a_failed_run_can_be_resumed_when_the_store_is_back() -> None:
    store = ListStore([], error=StoreError("Milvus is away.", remedy="Start it."))
    graph = build_graph("self_rag", world(model(), store=store), checkpointer=InMemorySaver())
    with pytest.raises(StoreError):
        await graph.ainvoke({"question": QUESTION}, config())
    store.error = None
    store.documents = ListStore(TEXTS).documents
    output = await graph.ainvoke(None, config())
    assert output["status"] in {"grounded", "partial"}
