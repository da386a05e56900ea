"""The graphs through OpenAI's own client."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from support.ferry import FERRY, QUESTION, TEXTS, model
from support.reader import read
from support.scripted import scripted_port
from support.serving import (
    CountedStore,
    client,
    listening,
    metric,
    question,
    served,
)

from churon.graphs.registry import CHAT, GRAPHS

ASKED: Any = [{"role": "user", "content": QUESTION}]
ANSWER = "The Lumen leaves at 07:30. [1]"


async def test_every_graph_is_a_model(official: openai.AsyncOpenAI) -> None:
    listed = [one async for one in official.models.list()]
    assert tuple(one.id for one in listed) == (*GRAPHS, CHAT)
    assert (await official.models.retrieve("auto")).owned_by == "churon"
    with pytest.raises(openai.NotFoundError, match="no model 'gpt-4o'"):
        await official.models.retrieve("gpt-4o")


@pytest.mark.parametrize("stream", [False, True])
async def test_chat_is_the_graph_that_the_settings_or_the_request_name(stream: bool) -> None:
    body = question(QUESTION, "chat", stream=stream)
    named = {**body, "churon": {"context": {"chat_graph": "self_rag"}}}
    async with client(served(chat_graph="two_stage")) as http:
        answers = [await http.post("/v1/chat/completions", json=one) for one in (body, named)]
        text = (await http.get("/metrics")).text
    assert all('"model": "chat"' in a.text or '"model":"chat"' in a.text for a in answers)
    assert all("07:30" in answer.text for answer in answers)
    for graph in ("two_stage", "self_rag"):  # the settings, then the request
        assert metric(text, "churon_requests_total", door="openai", graph=graph, status="200")


async def test_a_grounded_answer_cites_its_passage(official: openai.AsyncOpenAI) -> None:
    answer = await official.chat.completions.create(model="self_rag", messages=ASKED)
    [choice] = answer.choices
    assert (choice.message.content, choice.finish_reason) == (ANSWER, "stop")
    [note] = choice.message.annotations or []
    link = note.url_citation
    assert ANSWER[link.start_index : link.end_index] == "[1]"
    assert (link.url, link.title) == ("1.md", "Doc 1")
    own: Any = note.model_extra
    assert own["churon"]["quote"] == FERRY
    assert own["churon"]["support"] == "full" and own["churon"]["evidence_id"] == "p1"
    details: Any = answer.model_extra
    assert details["churon"]["status"] == "grounded"
    assert details["churon"]["evidence"]["p1"]["text"] == FERRY
    usage = answer.usage
    assert usage is not None and usage.completion_tokens > 0 and usage.prompt_tokens > 0
    assert usage.total_tokens == details["churon"]["usage"]["tokens"]
    assert usage.prompt_tokens + usage.completion_tokens == usage.total_tokens


async def test_several_sentences_are_cited_each(official: openai.AsyncOpenAI) -> None:
    two = model(answer="The Lumen leaves at 07:30 [1]. Sora Han leads it [2][1]. It is fast.")
    body = question("When does the Lumen leave, and who has led it?")
    async with client(served(two)) as http:
        message = (await http.post("/v1/chat/completions", json=body)).json()["choices"][0][
            "message"
        ]
    content, notes = message["content"], message["annotations"]
    assert content == "The Lumen leaves at 07:30. [1] Sora Han leads it. [2] [1] It is fast."
    marks = [content[n["url_citation"]["start_index"] : n["url_citation"]["end_index"]]
             for n in notes]  # fmt: skip
    assert marks == ["[1]", "[2]", "[1]"]
    assert [note["churon"]["claim"] for note in notes] == [
        "The Lumen leaves at 07:30.", "Sora Han leads it.", "Sora Han leads it.",
    ]  # fmt: skip


async def test_an_abstention_is_an_answer(official: openai.AsyncOpenAI) -> None:
    messages: Any = [{"role": "user", "content": "Who painted the town hall?"}]
    async with client(served(port=scripted_port(read))) as http:
        body = {"model": "self_rag", "messages": messages}
        answer = (await http.post("/v1/chat/completions", json=body)).json()
    [choice] = answer["choices"]
    assert choice["message"]["content"].startswith("The documents do not hold")
    assert (choice["finish_reason"], choice["message"]["annotations"]) == ("stop", [])
    assert answer["churon"]["status"] == "abstained"
    assert answer["churon"]["missing"] == ["Who painted the town hall?"]


@pytest.mark.parametrize("graph", GRAPHS)
async def test_streams_say_the_same_as_answers(official: openai.AsyncOpenAI, graph: str) -> None:
    whole = await official.chat.completions.create(model=graph, messages=ASKED)
    chunks = [
        chunk
        async for chunk in await official.chat.completions.create(
            model=graph, messages=ASKED, stream=True, stream_options={"include_usage": True}
        )
    ]
    deltas: list[Any] = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert deltas[0].role == "assistant"
    assert "".join(delta.content or "" for delta in deltas) == whole.choices[0].message.content
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    thoughts = "".join((delta.model_extra or {}).get("reasoning_content", "") for delta in deltas)
    assert f"search: {QUESTION}" in thoughts
    assert len({chunk.id for chunk in chunks}) == 1
    last: Any = chunks[-1]
    assert last.choices == [] and last.usage.total_tokens == whole.usage.total_tokens  # type: ignore[union-attr]
    notes = (deltas[-1].model_extra or {})["annotations"]
    assert len(notes) == len(whole.choices[0].message.annotations or [])


async def test_drafts_are_thoughts_and_only_what_stands_is_content() -> None:
    # the draft cites a passage that is not there, which the answer leaves out
    async with client(served(model(answer="It leaves at 07:30 [1][9]."))) as http:
        text = (await http.post("/v1/chat/completions", json=question(QUESTION, stream=True))).text
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data")]
    assert lines[-1] == "[DONE]"
    deltas = [json.loads(line)["choices"][0]["delta"] for line in lines[:-1]]
    assert "[1][9]" in "".join(delta.get("reasoning_content", "") for delta in deltas)
    assert "".join(delta.get("content", "") for delta in deltas) == "It leaves at 07:30. [1]"


def test_the_blocking_client_streams_over_a_socket() -> None:
    with listening(served()) as url, openai.OpenAI(api_key="-", base_url=f"{url}/v1") as official:
        chunks: Any = official.chat.completions.create(
            model="two_stage", messages=ASKED, stream=True
        )
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == ANSWER


async def test_earlier_messages_are_the_history() -> None:
    prompts: list[str] = []

    def answer(step: str, prompt: str) -> Any:
        if step == "condense":
            prompts.append(prompt)
            return QUESTION
        return model()(step, prompt)

    messages = [
        {"role": "system", "content": "Talk like a pirate."},
        {"role": "user", "content": [
            {"type": "text", "text": "Which ferry"}, {"type": "text", "text": " is it?"},
        ]},
        {"role": "assistant", "content": "The Lumen."},
        {"role": "user", "content": "When does it leave?"},
    ]  # fmt: skip
    async with client(served(answer)) as http:
        body = {"model": "two_stage", "messages": messages}
        said = (await http.post("/v1/chat/completions", json=body)).json()
    assert said["choices"][0]["message"]["content"] == ANSWER
    [prompt] = prompts
    assert "user: Which ferry is it?" in prompt and "assistant: The Lumen." in prompt
    assert "pirate" not in prompt and "When does it leave?" in prompt


async def test_openais_fields_become_knobs() -> None:
    port = scripted_port(read)
    body = question(
        QUESTION, temperature=0.5, seed=2**31 + 5, max_tokens=40, user="kim", top_p=0.3,
        churon={"language": "ko", "filter": {"document": "1.md"}, "context": {"k1": 7}},
    )  # fmt: skip
    store = CountedStore(TEXTS)
    async with client(served(port=port, store=store)) as http:
        answer = await http.post("/v1/chat/completions", json=body)
    call: Any = port.model.calls[0]  # type: ignore[attr-defined]
    assert (call["temperature"], call["seed"], call["max_tokens"]) == (0.5, 5, 40)
    assert store.asked[0]["k"] == 7 and store.asked[0]["filter"] == {"document": "1.md"}
    assert answer.json()["churon"]["language"] == "ko"


async def test_few_tokens_are_raised_to_the_least_of_a_sentence() -> None:
    port = scripted_port(read)
    async with client(served(port=port)) as http:
        await http.post("/v1/chat/completions", json=question(QUESTION, max_completion_tokens=1))
    call: Any = port.model.calls[0]  # type: ignore[attr-defined]
    assert call["max_tokens"] == 16


LONG = (
    "The Lumen leaves at 07:30 and goes along the coast, past many small islands, until it is "
    "back home late in the evening. [1]"
)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("tokens", "reason"), [(16, "length"), (100, "stop")])
async def test_an_answer_that_was_cut_says_so(stream: bool, tokens: int, reason: str) -> None:
    async with client(served(model(answer=LONG))) as http:
        body = question(QUESTION, max_tokens=tokens, stream=stream)
        text = (await http.post("/v1/chat/completions", json=body)).text
    assert text.replace(": ", ":").count(f'"finish_reason":"{reason}"') == 1
