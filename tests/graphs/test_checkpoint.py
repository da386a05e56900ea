"""Checkpoints hold plain data: equal after a round trip, resumable after a kill."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from support import bridge
from support.ferry import QUESTION, TEXTS, model
from support.world import ListStore, world

from churon.graphs.registry import build_graph
from churon.tools.errors import StoreError

FORMS = ["short", "iterative", "long"]
TESTS = Path(__file__).resolve().parents[1]
CHILD = """
import asyncio, os, signal, sys
sys.path.insert(0, sys.argv[1])
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from support import bridge
from support.ferry import QUESTION, TEXTS, model
from support.world import world
from churon.graphs.registry import build_graph

left = int(sys.argv[3])
name = sys.argv[4]

def answer(step, prompt):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return (model if name == "self_rag" else bridge.model)()(step, prompt)

async def main():
    ferry = name == "self_rag"
    texts, k = (TEXTS, 3) if ferry else (bridge.TEXTS, 2)
    async with AsyncSqliteSaver.from_conn_string(sys.argv[2]) as saver:
        toolkit = world(answer, texts, k1=20 if ferry else k, k2=k)
        graph = build_graph(name, toolkit, checkpointer=saver)
        config = {"configurable": {"thread_id": "t"}}
        question = QUESTION if ferry else bridge.QUESTION
        await graph.ainvoke({"question": question}, config, durability="sync")

asyncio.run(main())
"""


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


async def kill_after(calls: int, graph: str, database: str) -> None:
    """A run in a process of its own, killed at its next model call after `calls`."""
    command = [sys.executable, "-c", CHILD, str(TESTS), database, str(calls), graph]
    killed = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=120, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr


def bridged(graph: str, saver: Any = None) -> Any:
    return build_graph(graph, world(bridge.model(), bridge.TEXTS, k1=2, k2=2), checkpointer=saver)


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
    async with AsyncSqliteSaver.from_conn_string(database) as saver:
        machine = bridged(graph, saver)
        resumed = await machine.ainvoke(None, config())
    for key in ("answer", "status", "claims", "evidence", "missing", "stop_reason"):
        assert resumed[key] == whole[key], key
    # the same plan, results and tree, node by node
    kept = ("plan", "result", "tree", "rollouts", "winner")
    trails = [[s for s in output["steps"] if s["step"] in kept] for output in (resumed, whole)]
    assert trails[0] == trails[1]


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
