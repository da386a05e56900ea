"""Graphs as others use them: without async, inside a host graph, as a tool, cancelled."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from support.ferry import FERRY, QUESTION, TEXTS, model
from support.scripted import Reply
from support.world import ListStore, world
from typing_extensions import TypedDict

import churon
from churon.graphs.registry import CHAT, GRAPHS, build_graph
from churon.tools.context import RagContext
from churon.tools.errors import InputError, SettingsError
from churon.tools.loop import run_sync


def test_sync_callers_get_the_same_answer() -> None:
    graph = build_graph("self_rag", world(model()))
    output = graph.invoke({"question": QUESTION})
    assert output["answer"] == "The Lumen leaves at 07:30."
    assert (
        graph.with_config(tags=["x"]).invoke({"question": QUESTION})["claims"] == output["claims"]
    )


def test_sync_callers_can_stream() -> None:
    graph = build_graph("self_rag", world(model()))
    nodes = [node for event in graph.stream({"question": QUESTION}) for node in event]
    assert nodes[0] == "begin" and nodes[-1] == "finish"
    modes = {
        mode for mode, _ in graph.stream({"question": QUESTION}, stream_mode=["values", "updates"])
    }
    assert modes == {"values", "updates"}


def test_sync_errors_reach_the_caller() -> None:
    with pytest.raises(InputError, match="empty"):
        build_graph("self_rag", world(model())).invoke({"question": " "})


def test_sync_batches() -> None:
    graph = build_graph("two_stage", world(model()))
    outputs = graph.batch([{"question": QUESTION}, {"question": QUESTION}])
    assert [output["answer"] for output in outputs] == ["The Lumen leaves at 07:30."] * 2


class Host(TypedDict, total=False):
    question: str
    answer: str
    topic: str


@dataclass
class HostContext:
    user: str


@pytest.mark.parametrize("sync", [True, False])
async def test_a_host_graph_with_its_own_state_and_context(sync: bool) -> None:
    host = StateGraph(Host, context_schema=HostContext)
    host.add_node("rag", build_graph("self_rag", world(model())))
    host.add_edge(START, "rag")
    host.add_edge("rag", END)
    compiled = host.compile()
    asked: Any = {"question": QUESTION, "topic": "ferries"}
    if sync:
        output = await asyncio.to_thread(compiled.invoke, asked, context=HostContext("kim"))
    else:
        output = await compiled.ainvoke(asked, context=HostContext("kim"))
    assert output["answer"] == "The Lumen leaves at 07:30."
    assert output["topic"] == "ferries"


async def test_cancelling_a_run_cancels_the_model_call() -> None:
    began = asyncio.Event()

    def answer(step: str, prompt: str) -> Reply | str:
        began.set()
        return Reply("late", delay=30.0)

    task = asyncio.create_task(
        build_graph("self_rag", world(answer)).ainvoke({"question": QUESTION})
    )
    await asyncio.wait_for(began.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 10)


async def test_many_questions_at_once_do_not_mix() -> None:
    graph = build_graph("self_rag", world(model()))
    outputs = await asyncio.gather(*(graph.ainvoke({"question": QUESTION}) for _ in range(20)))
    calls = {output["usage"]["calls"] for output in outputs}
    assert len(calls) == 1 and all(o["status"] == "grounded" for o in outputs)


async def test_events_tell_steps_tokens_and_the_output() -> None:
    events = [event async for event in churon.stream(QUESTION, "two_stage", toolkit=world(model()))]
    steps = [event["node"] for event in events if event["kind"] == "step"]
    tokens = "".join(event["text"] for event in events if event["kind"] == "token")
    assert steps[0] == "begin" and {"search", "rerank", "generate"} <= set(steps)
    assert tokens == "The Lumen leaves at 07:30 [1]."
    assert events[-1]["output"]["answer"] == "The Lumen leaves at 07:30."
    assert set(events[-1]["output"]) == set(churon.RagOutput.__annotations__)


async def test_ask_gives_the_whole_output() -> None:
    output = await churon.ask(QUESTION, toolkit=world(model()), context={"k1": 3})
    assert output["evidence"]["p1"]["text"] == FERRY


def test_an_unknown_graph_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="self_rag, cot_rag, mcts_rag, auto, two_stage"):
        build_graph("nonsense")


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_show_forms_for_input_output_and_context(name: str) -> None:
    graph = build_graph(name, world(model()))
    assert "question" in graph.get_input_jsonschema()["properties"]
    assert {"answer", "claims", "evidence"} <= set(graph.get_output_jsonschema()["properties"])
    context = graph.get_context_jsonschema()
    assert context is not None and "max_iter" in context["properties"]


def test_the_servers_file_names_every_graph() -> None:
    served = json.loads((Path(__file__).resolve().parents[2] / "langgraph.json").read_text("utf-8"))
    assert set(served["graphs"]) == {*GRAPHS, CHAT}
    toolkits = set()
    for name, place in served["graphs"].items():
        module, _, attribute = place.partition(":")
        graph = getattr(import_module(module), attribute)
        assert graph.name == name
        toolkits.add(graph.toolkit)
    assert len(toolkits) == 1  # the server loads each model once


def test_a_drawing_names_every_node() -> None:
    drawn = build_graph("self_rag", world(model())).get_graph().draw_mermaid()
    assert "retrieval" in drawn and "critique" in drawn


def test_a_sync_checkpointer_serves_sync_callers(tmp_path: Path) -> None:
    config: Any = {"configurable": {"thread_id": "t"}}
    with SqliteSaver.from_conn_string(str(tmp_path / "c.db")) as saver:
        graph = build_graph("self_rag", world(model()), checkpointer=saver)
        output = graph.invoke({"question": QUESTION}, config)
        assert graph.get_state(config).values["answer"] == output["answer"]
        host = StateGraph(Host)
        host.add_node("rag", build_graph("self_rag", world(model())))
        host.add_edge(START, "rag")
        held = host.compile(checkpointer=saver).invoke(
            {"question": QUESTION}, {"configurable": {"thread_id": "host"}}
        )
    assert held["answer"] == output["answer"]


async def test_optional_inputs_do_not_linger_on_a_thread() -> None:
    graph = build_graph("self_rag", world(model()), checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "t"}}
    first = {"question": QUESTION, "language": "ko", "filter": {"document": "x"}}
    assert (await graph.ainvoke(first, config))["language"] == "ko"
    assert (await graph.ainvoke({"question": QUESTION}, config))["language"] == "en"
    assert (await graph.aget_state(config)).values["filter"] is None


@pytest.mark.parametrize(
    ("given", "tenant"),
    [
        ({"user_id": "kim", "model": "gpt-9", "search": "web"}, None),
        ({"tenant": "kim", "churon": {"tenant": "lee"}}, "lee"),
        ({"tenant": "kim", "churon": {}}, None),
        (SimpleNamespace(tenant="kim", churon={"tenant": "lee"}), "lee"),
        (SimpleNamespace(churon=RagContext(tenant="lee")), "lee"),
        (RagContext(tenant="lee"), "lee"),
    ],
)
async def test_of_a_hosts_context_our_part_is_read(given: Any, tenant: str | None) -> None:
    store = ListStore(TEXTS)
    host = StateGraph(Host, context_schema=type(given))
    host.add_node("rag", build_graph("two_stage", world(model(), store=store)))
    host.add_edge(START, "rag")
    output = await host.compile().ainvoke({"question": QUESTION}, context=given)
    assert output["answer"] == "The Lumen leaves at 07:30."
    assert [asked["tenant"] for asked in store.asked] == [tenant]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tenant": "kim"}, r"tenant 'kim', but nothing for churon.*\{\"churon\""),
        (SimpleNamespace(tenant="kim"), "tenant 'kim', but nothing for churon"),
        ({"churon": {"k9": 1}}, "k9=1 is refused"),
        ({"churon": "kim"}, "'kim' for churon.*a mapping of its knobs"),
    ],
)
async def test_a_hosts_tenant_is_never_passed_over(given: Any, said: str) -> None:
    store = ListStore(TEXTS)
    host = StateGraph(Host, context_schema=type(given))
    host.add_node("rag", build_graph("two_stage", world(model(), store=store)))
    host.add_edge(START, "rag")
    with pytest.raises(SettingsError, match=said):
        await host.compile().ainvoke({"question": QUESTION}, context=given)
    assert store.asked == []


async def test_a_hosts_low_recursion_limit_does_not_end_a_run() -> None:
    host = StateGraph(Host)
    host.add_node("rag", build_graph("self_rag", world(model(), form="long")))
    host.add_edge(START, "rag")
    output = await host.compile().ainvoke({"question": QUESTION}, {"recursion_limit": 5})
    assert output["answer"] == "The Lumen leaves at 07:30."


async def test_a_sync_call_from_the_background_loop_is_refused_not_deadlocked() -> None:
    graph = build_graph("self_rag", world(model()))

    async def careless() -> Any:
        return graph.invoke({"question": QUESTION})

    with pytest.raises(RuntimeError, match="await it"):
        await asyncio.to_thread(run_sync, careless())


async def test_a_chosen_answer_comes_as_one_token() -> None:
    events = [event async for event in churon.stream(QUESTION, toolkit=world(model()))]
    tokens = [event for event in events if event["kind"] == "token"]
    assert [(t["node"], t["text"]) for t in tokens] == [("finish", "The Lumen leaves at 07:30.")]


async def test_a_refusal_is_not_streamed() -> None:
    toolkit = world(model(answer="NONE"))
    events = [event async for event in churon.stream(QUESTION, "two_stage", toolkit=toolkit)]
    assert "NONE" not in "".join(e["text"] for e in events if e["kind"] == "token")
