"""The in-process chat model: answers, log-probs, schema, streaming, stopping, failures, exit."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk, HumanMessage, SystemMessage

from churon.tools.errors import ContextTruncated, ModelError, ModelMissing
from churon.tools.models.base import ChatPort, Want
from churon.tools.models.embedded import EmbeddedChat
from churon.tools.models.embedded_engine import Engine
from churon.tools.models.openai_dialect import OpenAIDialect

pytestmark = pytest.mark.models

COUNT = [HumanMessage("Count from 1 to 100, separated by commas. Only the numbers.")]
YES_NO = [HumanMessage("Is Seoul the capital of Korea? Answer Yes or No.")]


def _port(chat: EmbeddedChat) -> ChatPort:
    return ChatPort(chat, OpenAIDialect(), "qwen2.5-coder-0.5b", chat.context_length)


async def _idle(engine: Engine) -> None:
    async with asyncio.timeout(30):
        while engine._calls:  # noqa: ASYNC110 - the engine's threads have no event to await
            await asyncio.sleep(0.02)


async def test_answer_with_label_log_probabilities(embedded_chat: EmbeddedChat) -> None:
    want = Want(max_tokens=1, top_logprobs=10)
    answer = await _port(embedded_chat).complete(YES_NO, want)
    (token,) = answer.logprobs
    assert answer.text == token.token and answer.cut
    assert len(token.top) == 10 and "Yes" in dict(token.top)
    assert token.logprob == max(value for _, value in token.top) <= 0
    assert answer.prompt_tokens > 10 and answer.completion_tokens == 1


async def test_schema_holds(embedded_chat: EmbeddedChat) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 12}, "big": {"type": "boolean"}},
        "required": ["city", "big"],
    }
    asked = [HumanMessage("Which city is the capital of Korea?")]
    answer = await _port(embedded_chat).complete(asked, Want(max_tokens=40, schema=schema))
    assert set(json.loads(answer.text)) == {"city", "big"}


async def test_streamed_equals_whole_and_counts_once(embedded_chat: EmbeddedChat) -> None:
    want = Want(max_tokens=6, top_logprobs=2)
    pieces: list[str] = []
    streamed = await _port(embedded_chat).complete(COUNT, want, pieces.append)
    whole = await _port(embedded_chat).complete(COUNT, want)
    assert "".join(pieces) == streamed.text == whole.text and len(pieces) > 3
    assert [t.token for t in streamed.logprobs] == [t.token for t in whole.logprobs]
    assert len(streamed.logprobs) == streamed.completion_tokens == 6
    assert streamed.prompt_tokens == whole.prompt_tokens


async def test_tokens_arrive_while_the_loop_runs(embedded_chat: EmbeddedChat) -> None:
    arrivals = []
    async for chunk in embedded_chat.astream(COUNT, max_tokens=10, temperature=0):
        if chunk.text:
            arrivals.append(time.monotonic())
    assert arrivals[-1] - arrivals[0] > 0.02 * (len(arrivals) - 1) / 10


def test_sync_calls_and_defaults(embedded_chat: EmbeddedChat) -> None:
    chat = embedded_chat.model_copy(update={"max_tokens": 4, "temperature": 0.0, "stop": [","]})
    message = chat.invoke([SystemMessage("Be brief."), *COUNT])
    assert message.text.strip() == "1"
    assert message.response_metadata["finish_reason"] == "stop"
    assert message.response_metadata["model_name"].startswith("qwen2.5-coder-0.5b")
    chunks = list(chat.stream(COUNT, stop=["3"], max_tokens=20))
    assert all(isinstance(chunk, AIMessageChunk) for chunk in chunks)
    assert "".join(chunk.text for chunk in chunks).replace(" ", "") == "1,2,"


def test_same_seed_same_words(embedded_chat: EmbeddedChat) -> None:
    asked = [HumanMessage("Invent a name for a boat.")]
    given = {"max_tokens": 6, "temperature": 1.5, "top_k": 0}
    # The first call fills the prompt cache; with it filled, rounding is the same every time
    _, first, second, other = [
        embedded_chat.invoke(asked, seed=seed, **given).text for seed in (3, 3, 3, 4)
    ]
    assert first == second != other


def test_the_prompt_prefix_is_cached(embedded_chat: EmbeddedChat) -> None:
    passage = "Seoul lies on the Han river. " * 15

    def ask(question: str) -> dict[str, Any]:
        message = embedded_chat.invoke([HumanMessage(passage + question)], max_tokens=1)
        assert message.usage_metadata is not None
        return dict(message.usage_metadata)

    ask("Where?")
    again = ask("Which river?")
    assert again["input_token_details"]["cache_read"] > 0.8 * again["input_tokens"]


async def test_a_cancelled_call_stops_and_frees_its_slot(embedded_chat: EmbeddedChat) -> None:
    engine = embedded_chat._engine()
    calls = [
        asyncio.create_task(embedded_chat.ainvoke(COUNT, max_tokens=2_000, temperature=0))
        for _ in range(embedded_chat.slots + 1)
    ]
    await asyncio.sleep(0.5)
    for call in calls:
        call.cancel()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    await _idle(engine)
    assert (await embedded_chat.ainvoke(YES_NO, max_tokens=1)).text


async def test_an_abandoned_stream_stops(embedded_chat: EmbeddedChat) -> None:
    engine = embedded_chat._engine()
    stream = embedded_chat.astream(COUNT, max_tokens=2_000, temperature=0)
    async for chunk in stream:
        if chunk.text:
            break
    await stream.aclose()  # type: ignore[attr-defined]
    await _idle(engine)


async def test_one_model_serves_several_loops(embedded_chat: EmbeddedChat) -> None:
    def ask() -> str:
        return asyncio.run(embedded_chat.ainvoke(YES_NO, max_tokens=1, temperature=0)).text

    assert len({await asyncio.to_thread(ask) for _ in range(3)}) == 1


async def test_too_long_a_prompt_is_an_error(embedded_chat: EmbeddedChat) -> None:
    long = [HumanMessage("word " * 6_000)]
    with pytest.raises(ContextTruncated, match=r"60\d\d tokens, the context holds 4096"):
        await embedded_chat.ainvoke(long, max_tokens=4)
    with pytest.raises(ContextTruncated):
        embedded_chat.invoke(long, max_tokens=4)


async def test_timeout_is_a_clear_error(embedded_chat: EmbeddedChat) -> None:
    hasty = embedded_chat.model_copy(update={"timeout": 0.3})
    with pytest.raises(ModelError, match=r"within 0\.3 seconds"):
        await hasty.ainvoke(COUNT, max_tokens=2_000)
    with pytest.raises(ModelError, match=r"within 0\.3 seconds"):
        hasty.invoke(COUNT, max_tokens=2_000)


def test_unknown_keywords_and_bad_schemas_are_refused(embedded_chat: EmbeddedChat) -> None:
    with pytest.raises(ModelError, match="does not take num_ctx"):
        embedded_chat.invoke(YES_NO, num_ctx=3)
    bad = {"type": "json_schema", "json_schema": {"schema": {"type": "nonsense"}}}
    with pytest.raises(ModelError, match="refused the request"):
        embedded_chat.invoke(YES_NO, response_format=bad)


def test_equal_parameters_share_one_engine(embedded_chat: EmbeddedChat) -> None:
    twin = EmbeddedChat(
        model_path=embedded_chat.model_path,
        context_length=embedded_chat.context_length,
        slots=embedded_chat.slots,
    )
    assert twin._engine() is embedded_chat._engine()


def test_a_missing_file_names_the_command(tmp_path: Path) -> None:
    chat = EmbeddedChat(model_path=tmp_path / "none.gguf")
    with pytest.raises(ModelMissing, match="churon models pull"):
        chat.invoke("hello")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + b"\x07" * 2_000)
    with pytest.raises(ModelError, match=r"cannot load .*bad\.gguf.* Fetch or copy it again; "):
        EmbeddedChat(model_path=tmp_path / "bad.gguf").load()


EXIT = """
import sys, asyncio
from pathlib import Path
from churon.tools.models.embedded import EmbeddedChat

async def main():
    chat = EmbeddedChat(model_path=Path(sys.argv[1]), context_length=512, slots=1)
    async for chunk in chat.astream("Count to 100.", max_tokens=400):
        if chunk.text:
            break
    if sys.argv[2] == "close":
        chat.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("ending", ["close", "exit"])
def test_the_process_ends_cleanly_and_silently(embedded_chat: EmbeddedChat, ending: str) -> None:
    command = [sys.executable, "-c", EXIT, str(embedded_chat.model_path), ending]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
