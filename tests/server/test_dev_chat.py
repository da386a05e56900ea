"""The chat graph behind the server, as chat front ends talk to it."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph_sdk.client import SyncLangGraphClient
from support import bridge
from support.ferry import QUESTION

pytestmark = pytest.mark.server
QUICK: Any = {"tenant": "aren", "chat_graph": "two_stage"}
SAID = "The Lumen leaves at 07:30 [1]."


def asking(text: str = QUESTION) -> Any:
    """A human message as front ends send it: content blocks."""
    return {"messages": [{"type": "human", "content": [{"type": "text", "text": text}]}]}


def last_of(client: SyncLangGraphClient, thread: str) -> dict[str, Any]:
    """The thread's last message."""
    values: Any = client.threads.get_state(thread)["values"]
    message: dict[str, Any] = values["messages"][-1]
    return message


@pytest.mark.parametrize("subgraphs", [False, True])
def test_tokens_then_the_cited_message_under_one_id(
    client: SyncLangGraphClient, thread: str, subgraphs: bool
) -> None:
    chunks, values = [], []
    for part in client.runs.stream(
        thread, "chat", input=asking(), context=QUICK,
        stream_mode=["messages-tuple", "values"], stream_subgraphs=subgraphs,
    ):  # fmt: skip
        if part.event.startswith("messages"):
            assert part.event == "messages"  # nothing from inside
            chunks.append(part.data[0])  # type: ignore[index]
        elif part.event == "values":
            values.append(part.data)
    whole = values[-1]["messages"][-1]
    assert "".join(chunk["content"] for chunk in chunks) == SAID and len(chunks) > 5
    assert {chunk["id"] for chunk in chunks} == {whole["id"]}
    assert whole["content"] == "The Lumen leaves at 07:30. [1]"
    [citation] = whole["response_metadata"]["citations"]
    assert citation["quotes"] == ["The Lumen ferry leaves Aren harbour at 07:30 on weekdays."]


def test_the_older_stream_of_messages(client: SyncLangGraphClient, thread: str) -> None:
    parts = client.runs.stream(
        thread, "chat", input=asking(), context=QUICK, stream_mode="messages"
    )
    partial = [part.data[0] for part in parts if part.event == "messages/partial"]  # type: ignore[index]
    texts = [one["content"] for one in partial]
    assert texts[0] == "The" and SAID in texts
    assert {one["id"] for one in partial} == {last_of(client, thread)["id"]}


def test_the_newer_stream_of_messages(client: SyncLangGraphClient) -> None:
    with client.threads.stream(assistant_id="chat") as talk:
        talk.run.start(input=asking(), config={"configurable": QUICK})
        said = [(message.message_id, "".join(message.text)) for message in talk.messages]
        output = talk.output
    assert [text for _, text in said] == [SAID]
    assert said[0][0] == output["messages"][-1]["id"]


def test_a_graph_that_weighs_answers_says_only_the_chosen_one(
    client: SyncLangGraphClient, thread: str
) -> None:
    parts = client.runs.stream(
        thread, "chat", input=asking(), context={"tenant": "aren"},
        stream_mode="messages-tuple", stream_subgraphs=True,
    )  # fmt: skip
    said = [part.data[0]["content"] for part in parts if part.event.startswith("messages")]  # type: ignore[index]
    assert said == ["The Lumen leaves at 07:30. [1]"]


def test_a_thread_remembers(client: SyncLangGraphClient, thread: str) -> None:
    client.runs.wait(thread, "chat", input=asking(), context=QUICK)
    output: Any = client.runs.wait(thread, "chat", input=asking("And on weekdays?"), context=QUICK)
    kinds = [message["type"] for message in output["messages"]]
    assert kinds == ["human", "ai", "human", "ai"]
    assert output["messages"][-1]["response_metadata"]["usage"]["calls"] == 2  # condensed first
    history = client.threads.get_history(thread, limit=20)
    assert len({one["checkpoint"]["checkpoint_id"] for one in history}) == len(history) >= 6


def test_an_answer_is_written_anew_from_an_earlier_checkpoint(
    client: SyncLangGraphClient, thread: str
) -> None:
    client.runs.wait(thread, "chat", input=asking(), context=QUICK)
    first = last_of(client, thread)
    [before] = [one for one in client.threads.get_history(thread) if one["next"] == ["hear"]]
    checkpoint: Any = before["checkpoint"]
    client.runs.wait(
        thread, "chat", input=None, checkpoint=checkpoint,
        context={"tenant": "vesk", "chat_graph": "two_stage"},
    )  # fmt: skip
    values: Any = client.threads.get_state(thread)["values"]
    assert [message["type"] for message in values["messages"]] == ["human", "ai"]
    assert "09:15" in values["messages"][-1]["content"]
    assert values["messages"][-1]["id"] != first["id"]


def test_a_plan_waits_in_the_chat_and_goes_on(client: SyncLangGraphClient, thread: str) -> None:
    context: Any = {"tenant": "aren", "chat_graph": "cot_rag", "approve_plan": True}
    client.runs.wait(thread, "chat", input=asking(bridge.QUESTION), context=context)
    held: Any = client.threads.get(thread)
    assert held["status"] == "interrupted"
    [[pause]] = held["interrupts"].values()
    assert [step["question"] for step in pause["value"]["plan"]] == [bridge.FIRST, bridge.SECOND]
    client.runs.wait(thread, "chat", command={"resume": True}, context=context)
    assert last_of(client, thread)["content"].startswith("Sora Han is the mayor.")
    assert client.threads.get(thread)["status"] == "idle"


def test_a_message_without_text_is_said_to_be_one(client: SyncLangGraphClient, thread: str) -> None:
    picture = {"type": "image", "base64": "aGVsbG8=", "mime_type": "image/png"}
    asked: Any = {"messages": [{"role": "user", "content": [picture]}]}
    output: Any = client.runs.wait(thread, "chat", input=asked, context=QUICK, raise_error=False)
    assert output["__error__"]["error"] == "InputError"
    assert "holds no text" in output["__error__"]["message"]
