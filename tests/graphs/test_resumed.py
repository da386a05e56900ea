"""A run that another process goes on with keeps the knobs that it was begun with."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command
from support import bridge
from support.ferry import QUESTION, TEXTS, model
from support.world import ListStore, world
from typing_extensions import TypedDict

from churon.graphs.registry import build_graph
from churon.tools.context import Limits
from churon.tools.errors import InputError, StoreError


class Host(TypedDict, total=False):
    question: str
    answer: str


CONFIG: Any = {"configurable": {"thread_id": "t"}}
BEGUN: Any = {"tenant": "kim", "k2": 1, "limits": {"calls": 3}}


async def broken(saver: InMemorySaver) -> tuple[Any, ListStore]:
    """A run whose store failed, and its graph."""
    store = ListStore(TEXTS, error=StoreError("Milvus is away."))
    graph = build_graph("self_rag", world(model(), store=store), checkpointer=saver)
    with pytest.raises(StoreError):
        await graph.ainvoke({"question": QUESTION}, CONFIG, context=BEGUN)
    return graph, store


async def test_in_another_process() -> None:
    saver, store = InMemorySaver(), ListStore(TEXTS)
    await broken(saver)
    graph = build_graph("self_rag", world(model(), store=store), checkpointer=saver)
    output = await graph.ainvoke(None, CONFIG)
    assert {asked["tenant"] for asked in store.asked} == {"kim"}
    assert len(output["evidence"]) == 1
    assert output["usage"]["calls"] == 3 and output["stop_reason"] == "budget:calls"


@pytest.mark.parametrize("same", [True, False])
async def test_a_resume_may_raise_the_limits_and_nothing_else(same: bool) -> None:
    saver = InMemorySaver()
    graph, store = await broken(saver)
    store.error = None
    if not same:
        graph = build_graph("self_rag", world(model(), store=store), checkpointer=saver)
    context = {"tenant": "kim", "k2": 3, "limits": {"calls": 50}}
    output = await graph.ainvoke(None, CONFIG, context=context)
    assert {asked["tenant"] for asked in store.asked} == {"kim"}
    assert len(output["evidence"]) == 1 and output["usage"]["calls"] > 3
    assert output["status"] == "grounded"


@pytest.mark.parametrize("same", [True, False])
async def test_another_tenant_goes_on_with_no_run(same: bool) -> None:
    saver = InMemorySaver()
    graph, store = await broken(saver)
    store.error, asked = None, len(store.asked)
    if not same:
        graph = build_graph("self_rag", world(model(), store=store), checkpointer=saver)
    with pytest.raises(InputError, match="not begun for the tenant 'lee'"):
        await graph.ainvoke(None, CONFIG, context={"tenant": "lee"})
    assert len(store.asked) == asked


@pytest.mark.parametrize("same", [True, False])
async def test_a_plan_is_approved_in_another_process(same: bool) -> None:
    saver = InMemorySaver()
    graph = build_graph("cot_rag", world(bridge.model(), bridge.TEXTS), checkpointer=saver)
    asked = {"question": bridge.QUESTION}
    assert "__interrupt__" in await graph.ainvoke(asked, CONFIG, context={"approve_plan": True})
    if not same:
        graph = build_graph("cot_rag", world(bridge.model(), bridge.TEXTS), checkpointer=saver)
    plan = [{"question": "When was the Vesk mill built?"}]
    output = await graph.ainvoke(Command(resume=plan), CONFIG)
    assert output["answer"] == "The Vesk mill was built in 1898."


@pytest.mark.parametrize(
    "context",
    [
        {"k2": np.int64(1)},
        {"limits": MappingProxyType({"calls": 50})},
        {"limits": Limits(calls=50)},
        {"user": object()},
    ],
)
async def test_a_hosts_context_is_kept_as_plain_data(
    context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGGRAPH_STRICT_MSGPACK", "true")
    host = StateGraph(Host, context_schema=dict)  # type: ignore[type-var]
    host.add_node("rag", build_graph("self_rag", world(model())))
    host.add_edge(START, "rag")
    compiled = host.compile(checkpointer=InMemorySaver())
    output = await compiled.ainvoke({"question": QUESTION}, CONFIG, context=context)
    assert output["answer"] == "The Lumen leaves at 07:30."
