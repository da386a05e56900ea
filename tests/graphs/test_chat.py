"""The chat graph: messages in, one cited message out, follow-ups on a thread."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.types import Command
from support import bridge
from support.ferry import DOGS, FERRY, QUESTION, TEXTS, model
from support.scripted import Reply
from support.world import ListStore, world

from churon.graphs.registry import GRAPHS, build_graph
from churon.tools.errors import InputError, StoreError

ANSWER = "The Lumen leaves at 07:30. [1]"
THREAD: Any = {"configurable": {"thread_id": "t"}}


def planner(**given: Any) -> Any:
    """The ferry's model, also for graphs that plan."""
    read = bridge.said("The Lumen leaves at 07:30.", "07:30")
    sensible = {"plan": bridge.steps(QUESTION), "read": read, "conclude": read}
    return model(**{**sensible, **given})


def chat(answer: Any = None, *, saver: Any = None, store: Any = None, **context: Any) -> Any:
    toolkit = world(answer or planner(), store=store, **context)
    return build_graph("chat", toolkit, checkpointer=saver)


async def said(graph: Any, *messages: Any, config: Any = None, **given: Any) -> AIMessage:
    """The last message after these."""
    output = await graph.ainvoke({"messages": list(messages), **given}, config)
    assert set(output) == {"messages"}
    last: AIMessage = output["messages"][-1]
    return last


async def test_a_question_is_answered_by_one_cited_message() -> None:
    output = await chat().ainvoke({"messages": [("user", QUESTION)]})
    question, answer = output["messages"]
    assert question.content == QUESTION and isinstance(answer, AIMessage)
    assert answer.content == ANSWER
    meta = answer.response_metadata
    assert meta == json.loads(json.dumps(meta))
    usage = meta.pop("usage")
    assert usage["calls"] > 3 and usage["searches"] == 1
    assert meta == {
        "status": "grounded",
        "missing": [],
        "stop_reason": "answered",
        "degraded": [],
        "citations": [
            {
                "n": 1, "id": "p1", "document": "1.md", "title": "Doc 1", "page": None, "start": 0,
                "end": len(FERRY), "support": "full", "quotes": [FERRY],
            }
        ],
    }  # fmt: skip


async def test_an_abstention_says_what_is_missing() -> None:
    declines = planner(candidate="NONE", read="NONE")
    answer = await said(chat(declines, chat_graph="self_rag"), ("user", QUESTION))
    assert answer.content == "The documents do not hold an answer to this question."
    meta = answer.response_metadata
    assert (meta["status"], meta["citations"], meta["missing"]) == ("abstained", [], [QUESTION])


@pytest.mark.parametrize("name", GRAPHS)
async def test_every_graph_can_answer(name: str) -> None:
    answer = await said(chat(chat_graph=name), ("user", QUESTION))
    assert answer.text.startswith("The Lumen leaves at 07:30.") and "[1]" in answer.text
    [citation] = answer.response_metadata["citations"]
    assert citation["quotes"] == [FERRY]


async def test_the_runs_own_context_names_the_graph() -> None:
    graph = chat(chat_graph="auto")
    output = await graph.ainvoke(
        {"messages": [("user", QUESTION)]}, context={"chat_graph": "two_stage"}
    )
    meta = output["messages"][-1].response_metadata
    assert meta["usage"]["calls"] == 1 and meta["citations"][0]["support"] == "unchecked"


async def test_text_is_found_in_content_blocks() -> None:
    asked: list[str] = []

    def answer(step: str, prompt: str) -> Any:
        asked.append(prompt)
        return planner()(step, prompt)

    picture = {"type": "image", "base64": "aGVsbG8=", "mime_type": "image/png"}
    blocks = [{"type": "text", "text": "When does the Lumen"}, picture, "ferry leave?"]
    reply = await said(chat(answer, chat_graph="two_stage"), HumanMessage(blocks))  # type: ignore[arg-type]
    assert reply.content == ANSWER
    assert "When does the Lumen\nferry leave?" in asked[-1]


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([], "no human message"),
        ([("ai", "Good morning.")], "no human message"),
        ([("user", "  ")], "holds no text"),
        ([HumanMessage([{"type": "image", "url": "http://a/b.png"}])], "holds no text"),
    ],
)
async def test_a_conversation_without_a_question_is_refused(messages: Any, why: str) -> None:
    with pytest.raises(InputError, match=why):
        await chat().ainvoke({"messages": messages})


async def test_a_knob_out_of_range_is_refused_before_any_work() -> None:
    with pytest.raises(Exception, match="chat_graph"):
        await chat().ainvoke({"messages": [("user", QUESTION)]}, context={"chat_graph": "chat"})


async def test_a_follow_up_is_understood_through_the_thread() -> None:
    prompts: list[str] = []

    def answer(step: str, prompt: str) -> Reply | str:
        if step == "condense":
            prompts.append(prompt)
            return "Do dogs travel free on the Lumen?"
        if step == "answer" and DOGS in prompt and "dogs" in bridge.asked(prompt):
            return "Dogs travel free on the Lumen [1]."
        reply: Reply | str = planner()(step, prompt)
        return reply

    graph = chat(answer, saver=InMemorySaver(), chat_graph="two_stage")
    first = await said(graph, ("user", QUESTION), config=THREAD)
    second = await said(graph, ("user", "And dogs?"), config=THREAD)
    assert (first.content, second.content) == (ANSWER, "Dogs travel free on the Lumen. [1]")
    [prompt] = prompts
    assert f"user: {QUESTION}\nassistant: The Lumen leaves at 07:30.\n" in prompt
    assert "And dogs?" in prompt
    [citation] = second.response_metadata["citations"]
    assert citation["quotes"] == [DOGS]
    messages = (await graph.aget_state(THREAD)).values["messages"]
    assert [one.type for one in messages] == ["human", "ai", "human", "ai"]
    assert messages[1] == first  # each keeps its own citations


async def test_only_what_was_said_is_history() -> None:
    prompts: list[str] = []

    def answer(step: str, prompt: str) -> Any:
        prompts.append(prompt)
        return planner()(step, prompt)

    earlier = [
        SystemMessage("Be brief."),
        HumanMessage("Hello"),
        AIMessage("", tool_calls=[{"name": "look", "args": {}, "id": "1"}]),
        ToolMessage("raw output", tool_call_id="1"),
        AIMessage("Good morning."),
    ]
    await said(chat(answer, chat_graph="two_stage"), *earlier, HumanMessage(QUESTION))
    [condense] = [one for one in prompts if "without the conversation" in one]
    assert "user: Hello\nassistant: Good morning.\n" in condense
    assert "raw output" not in condense and "Be brief" not in condense


async def test_an_answer_can_be_asked_for_again() -> None:
    graph = chat(saver=InMemorySaver())
    first = await said(graph, ("user", QUESTION), config=THREAD)
    again = await said(graph, config=THREAD)
    assert again.content == first.content and again.id != first.id


async def test_language_and_filter_reach_the_run_and_do_not_linger() -> None:
    store = ListStore(TEXTS)
    graph = chat(saver=InMemorySaver(), store=store, chat_graph="two_stage")
    kept = {"document": "1.md"}
    first = await said(graph, ("user", "x?"), config=THREAD, language="ko", filter=kept)
    assert store.asked[-1]["filter"] == kept
    await said(graph, ("user", "And now?"), config=THREAD)
    assert store.asked[-1]["filter"] is None
    plain = (await graph.aget_state(THREAD)).values
    assert plain["language"] == "auto" and first.id != plain["messages"][-1].id


async def test_a_plan_waits_for_approval_and_goes_on() -> None:
    toolkit = world(bridge.model(), bridge.TEXTS, approve_plan=True, chat_graph="cot_rag")
    graph = build_graph("chat", toolkit, checkpointer=InMemorySaver())
    paused = await graph.ainvoke({"messages": [("user", bridge.QUESTION)]}, THREAD)
    [waiting] = paused["__interrupt__"]
    assert [step["question"] for step in waiting.value["plan"]] == [bridge.FIRST, bridge.SECOND]
    assert len(paused["messages"]) == 1
    state = await graph.aget_state(THREAD, subgraphs=True)
    assert state.tasks[0].state.values["question"] == bridge.QUESTION
    output = await graph.ainvoke(Command(resume=True), THREAD)
    _, answer = output["messages"]
    assert answer.text.startswith("Sora Han is the mayor.")
    assert answer.response_metadata["status"] == "grounded"


async def test_a_conversation_survives_a_strict_checkpoint(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LANGGRAPH_STRICT_MSGPACK", "true")
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "c.db")) as saver:
        answer = await said(chat(saver=saver), ("user", QUESTION), config=THREAD)
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "c.db")) as saver:
        held = (await chat(saver=saver).aget_state(THREAD)).values["messages"]
    assert held[-1] == answer and isinstance(held[-1], AIMessage)


async def test_a_failed_search_is_an_error_not_a_message() -> None:
    store = ListStore(TEXTS, error=StoreError("Milvus is away.", remedy="Start it."))
    graph = chat(store=store, saver=InMemorySaver(), chat_graph="two_stage")
    with pytest.raises(StoreError, match="away"):
        await graph.ainvoke({"messages": [("user", QUESTION)]}, THREAD)
    assert len((await graph.aget_state(THREAD)).values["messages"]) == 1


async def test_cancelling_stops_the_run() -> None:
    began = asyncio.Event()

    def answer(step: str, prompt: str) -> Reply:
        began.set()
        return Reply("late", delay=30.0)

    task = asyncio.create_task(chat(answer).ainvoke({"messages": [("user", QUESTION)]}))
    await asyncio.wait_for(began.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 10)


def test_sync_callers_are_answered_too() -> None:
    output = chat().invoke({"messages": [("user", QUESTION)]})
    assert output["messages"][-1].content == ANSWER


def test_forms_and_drawing_show_what_there_is() -> None:
    graph = chat()
    assert set(graph.get_input_jsonschema()["properties"]) == {"messages", "language", "filter"}
    assert set(graph.get_output_jsonschema()["properties"]) == {"messages"}
    knob = graph.get_context_jsonschema()["properties"]["chat_graph"]
    assert set(knob["enum"]) == set(GRAPHS) and knob["default"] == "auto"
    assert set(graph.get_graph().nodes) == {"__start__", "hear", *GRAPHS, "__end__"}
    drawn = graph.get_graph(xray=1).draw_mermaid()
    assert "critique" in drawn and "backpropagate" in drawn and "error" not in drawn
    assert "auto:cot_rag:step:retrieval:gap" in graph.get_graph(xray=True).nodes
