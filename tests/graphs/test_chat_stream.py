"""What a chat front end sees while a message is written: the answer's tokens, nothing else."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AIMessageChunk
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Command
from support import bridge
from support.ferry import DOGS, FERRY, QUESTION, model
from support.scripted import Reply
from support.world import labels, world

from churon.graphs.registry import GRAPHS, build_graph
from churon.nodes.cite import Renumbered, cite, with_keys

LONG = "The Lumen ferry leaves Aren harbour at half past seven."
THREAD: Any = {"configurable": {"thread_id": "t"}}
ASKED: Any = {"messages": [("user", QUESTION)]}


def planner(**given: Any) -> Any:
    """The ferry's model, also for graphs that plan."""
    read = bridge.said("The Lumen leaves at 07:30.", "07:30")
    return model(**{"plan": bridge.steps(QUESTION), "read": read, "conclude": read, **given})


async def spoken(graph: Any, asked: Any = ASKED, *, subgraphs: bool = False) -> tuple[Any, Any]:
    """The messages as they came, and the one that the thread holds then."""
    came = []
    async for event in graph.astream(asked, THREAD, stream_mode=["messages"], subgraphs=subgraphs):
        place, _, (message, meta) = event if subgraphs else ((), *event)
        came.append((place, meta["langgraph_node"], message))
    return came, (await graph.aget_state(THREAD)).values["messages"][-1]


@pytest.mark.parametrize("subgraphs", [False, True])
async def test_tokens_come_under_the_id_of_the_whole_message(subgraphs: bool) -> None:
    graph = build_graph(
        "chat", world(model(), chat_graph="two_stage"), checkpointer=InMemorySaver()
    )
    came, whole = await spoken(graph, subgraphs=subgraphs)
    assert {(place, node) for place, node, _ in came} == {((), "two_stage")}
    assert {message.id for *_, message in came} == {whole.id}
    assert all(isinstance(message, AIMessageChunk) for *_, message in came)
    texts = [message.content for *_, message in came]
    assert len(texts) > 5 and "".join(texts) == "The Lumen leaves at 07:30 [1]."
    assert whole.content == "The Lumen leaves at 07:30. [1]" and type(whole) is AIMessage


@pytest.mark.parametrize("name", GRAPHS)
async def test_no_other_model_output_is_seen_as_text(name: str) -> None:
    graph = build_graph("chat", world(planner(), chat_graph=name), checkpointer=InMemorySaver())
    came, whole = await spoken(graph, subgraphs=True)
    assert {message.id for *_, message in came} == {whole.id}
    assert "degraded" in whole.response_metadata and not whole.response_metadata["degraded"]


@pytest.mark.parametrize("name", GRAPHS)
async def test_graphs_that_answer_questions_speak_no_messages(name: str) -> None:
    graph = build_graph(name, world(planner()))
    events = graph.astream({"question": QUESTION}, stream_mode="messages", subgraphs=True)
    assert [event async for event in events] == []


async def test_a_host_that_streams_messages_hears_the_answer_only() -> None:
    host = StateGraph(MessagesState)
    host.add_node("rag", build_graph("chat", world(model(), chat_graph="two_stage")))
    host.add_edge(START, "rag")
    host.add_edge("rag", END)
    events = host.compile().astream(ASKED, stream_mode="messages", subgraphs=True)
    texts = [message.content async for _, (message, _) in events]
    assert "".join(texts) == "The Lumen leaves at 07:30 [1]."


async def test_drafts_are_not_said() -> None:
    toolkit = world(
        planner(sufficient=labels(Y=0.1, N=0.9), synthesise="It leaves at 07:30 [1]."),
        form="iterative", chat_graph="self_rag", max_iter=2,
    )  # fmt: skip
    came, whole = await spoken(build_graph("chat", toolkit, checkpointer=InMemorySaver()))
    texts = "".join(message.content for *_, message in came)
    assert "The Lumen leaves" not in texts.replace(whole.content, "")


async def test_what_a_graph_inside_the_router_writes_is_said() -> None:
    direct = planner(retrieve=labels(Y=0.01, N=0.99, C=0.0), direct="Two and two are four.")
    toolkit = world(direct, always_retrieve=False, chat_graph="auto", route="self_rag")
    came, whole = await spoken(build_graph("chat", toolkit, checkpointer=InMemorySaver()))
    assert "".join(message.content for *_, message in came) == "Two and two are four."
    assert len(came) > 3 and whole.response_metadata["status"] == "ungrounded"


async def test_numbers_are_the_readers_from_the_first_token_on() -> None:
    # the model counts the passages that it was shown, the dogs are the third of them
    said = "Dogs go free [3]. It leaves at 07:30 [1]. Dogs again [3]."
    answer = planner(answer=said)
    graph = build_graph("chat", world(answer, chat_graph="two_stage"), checkpointer=InMemorySaver())
    came, whole = await spoken(graph)
    texts = "".join(message.content for *_, message in came)
    assert texts == "Dogs go free [1]. It leaves at 07:30 [2]. Dogs again [1]."
    assert whole.content == "Dogs go free. [1] It leaves at 07:30. [2] Dogs again. [1]"
    numbered = [(one["n"], one["quotes"][0]) for one in whole.response_metadata["citations"]]
    assert numbered == [(1, DOGS), (2, FERRY)]


@given(st.data())
def test_however_a_text_is_cut_its_numbers_are_those_of_the_whole(data: st.DataObject) -> None:
    words = st.sampled_from(
        ["Dogs", "go", " ", "\n", ".", "[", "]", "[3]", "[1, 3]", "[12 ", "07", "a[0]"]
    )
    text = "".join(data.draw(st.lists(words, max_size=30)))
    pieces, shown, renumbered = data.draw(st.lists(st.integers(0, len(text)))), "", Renumbered()
    bounds = [0, *sorted(pieces), len(text)]
    for start, end in itertools.pairwise(bounds):
        shown += renumbered(text[start:end])
    whole = Renumbered()
    expected = whole(text) + whole.rest()
    assert shown + renumbered.rest() == expected


def test_numbers_are_said_as_the_whole_message_counts_them() -> None:
    passages: Any = [{"id": f"p{n}", "title": "", "text": ""} for n in range(1, 6)]
    text = "A [4][2]. B [2, 5]. C [4]."
    renumbered = Renumbered()
    assert renumbered(text) + renumbered.rest() == "A [1] [2]. B [2] [3]. C [1]."
    assert with_keys(cite(text, passages).claims) == "A. [1] [2] B. [2] [3] C. [1]"


def test_an_index_is_said_as_it_is() -> None:
    pieces = ["Use ar", "gv", "()", "[1", "] and items", "[0] or f(x)[2][1] [3].", " A [2]."]
    renumbered = Renumbered()
    said = "".join(map(renumbered, pieces)) + renumbered.rest()
    assert said == "Use argv()[1] and items[0] or f(x)[2][1] [1]. A [2]."


async def test_updates_and_pauses_come_through() -> None:
    toolkit = world(bridge.model(), bridge.TEXTS, approve_plan=True, chat_graph="cot_rag")
    graph = build_graph("chat", toolkit, checkpointer=InMemorySaver())
    first: Any = {"messages": [("user", bridge.QUESTION)]}
    seen: list[tuple[str, ...]] = []
    for asked in (first, Command(resume=True)):
        events = graph.astream(asked, THREAD, stream_mode="updates", subgraphs=True)
        async for place, event in events:
            names = [one.split(":")[0] for one in place]
            seen += [(*names, node) for node in event]
    assert ("__interrupt__",) in seen
    assert [one for one in seen if len(one) == 1] == [("hear",), ("__interrupt__",), ("cot_rag",)]
    assert {("cot_rag", "plan"), ("cot_rag", "step", "retrieval", "search")} <= set(seen)
    assert seen.count(("cot_rag", "plan")) == 1  # not planned anew after the pause


async def test_custom_events_come_through() -> None:
    graph = build_graph("chat", world(model(), chat_graph="two_stage"))
    events = graph.astream(ASKED, stream_mode="custom", subgraphs=True)
    tokens = [event async for _, event in events]
    assert {one["node"] for one in tokens} == {"generate"}
    assert "".join(one["token"] for one in tokens) == "The Lumen leaves at 07:30 [1]."


@pytest.mark.filterwarnings("ignore:The v3 streaming protocol")
async def test_the_newer_stream_of_messages_is_spoken_to_as_well() -> None:
    graph = build_graph(
        "chat", world(model(), chat_graph="two_stage"), checkpointer=InMemorySaver()
    )
    run: Any = await graph.astream_events(ASKED, THREAD, version="v3")
    said = []
    async for message in run.messages:
        pieces = [piece async for piece in message.text]
        said.append((message.message_id, pieces))
    whole = (await graph.aget_state(THREAD)).values["messages"][-1]
    [(key, pieces)] = said
    assert key == whole.id and len(pieces) > 5
    assert "".join(pieces) == "The Lumen leaves at 07:30 [1]."


async def test_a_run_that_fails_while_it_writes_ends_its_message() -> None:
    calls = 0

    def answer(step: str, prompt: str) -> Reply | str:
        nonlocal calls
        calls += 1  # an English answer where a Korean one was asked for is restated
        return LONG if calls == 1 else Reply(error=RuntimeError("gone"))

    graph = build_graph("chat", world(answer, chat_graph="two_stage"))
    heard = []
    with pytest.raises(RuntimeError, match="gone"):
        async for message, _ in graph.astream({**ASKED, "language": "ko"}, stream_mode="messages"):
            heard.append(message.content)
    assert "".join(heard) == LONG
