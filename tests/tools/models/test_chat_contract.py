"""What every chat port does, whoever serves it: nodes rest on these and nothing else."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from support.ollama_server import OllamaServer
from support.openai_server import OpenAIServer
from support.scripted import Reply, ScriptedChat, first_instance, labelled, wanted_schema

from churon.tools.errors import ContextTruncated
from churon.tools.models.base import ChatPort, Want
from churon.tools.models.critic import LetterCritic
from churon.tools.models.labels import RELEVANCE
from churon.tools.models.ollama import OllamaDialect, ollama_chat
from churon.tools.models.openai import OpenAIChat
from churon.tools.models.openai_dialect import OpenAIDialect
from churon.tools.settings import CriticSettings

CONTEXT = 512
ASK = [SystemMessage("Answer briefly."), HumanMessage("Name three fruits.")]
RELEVANT = (
    "Passage: Seoul is the capital of Korea.\nQuestion: What is the capital of Korea?\n"
    "Does the passage answer the question? Answer with one letter, Y or N."
)
STORY = [HumanMessage("Tell a very long story about the sea, in ten chapters.")]
SCHEMA = {
    "type": "object",
    "properties": {"colour": {"type": "string", "enum": ["red", "blue"]}},
    "required": ["colour"],
    "additionalProperties": False,
}


def script(messages, kwargs):
    if (schema := wanted_schema(kwargs)) is not None:
        return json.dumps(first_instance(schema))
    if "Y or N" in messages[-1].text:
        return labelled({"Y": 0.7, "N": 0.2, "The": 0.1})
    if "story" in messages[-1].text:
        return Reply("Once upon a time " * 20, delay=2.0)
    return "Apples, pears and plums are three fruits."


def scripted() -> ScriptedChat:
    return ScriptedChat(script=script, context_length=CONTEXT, calls=[])


def ollama_port(url: str) -> ChatPort:
    chat = ollama_chat("double", base_url=url, context_length=CONTEXT, keep_alive="1m", timeout=60)
    return ChatPort(chat, OllamaDialect(CONTEXT), "double", CONTEXT)


@contextmanager
def opened(door: str, model: Path | None) -> Iterator[ChatPort]:
    if model is not None:
        from churon.tools.models.embedded import EmbeddedChat

        chat = EmbeddedChat(model_path=model, context_length=CONTEXT, slots=2, threads=2)
    else:
        chat = scripted()
    if door.startswith("ollama"):
        with OllamaServer(chat) as server:
            yield ollama_port(server.url)
    elif door.startswith("openai"):
        with OpenAIServer(chat) as server:
            served = OpenAIChat(model="double", base_url=server.url, timeout=60)
            yield ChatPort(served, OpenAIDialect(), "double", CONTEXT)
    else:
        yield ChatPort(chat, OpenAIDialect(), "double", CONTEXT)
    if model is not None:
        chat.close()


MODELS = pytest.mark.models
DOORS = [
    "scripted",
    "ollama",
    "openai",
    pytest.param("embedded", marks=MODELS),
    pytest.param("ollama over embedded", marks=MODELS),
]


@pytest.fixture(scope="module", params=DOORS)
def port(request) -> Iterator[ChatPort]:
    if request.param == "openai":
        pytest.importorskip("langchain_openai")
    model = None
    if "embedded" in request.param:
        folder = request.getfixturevalue("models_folder")
        model = folder / "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
        if not model.is_file():
            pytest.skip("no 0.5B model: run `churon models pull --quick`")
    with opened(request.param, model) as found:
        yield found


async def test_text_and_usage(port: ChatPort) -> None:
    answer = await port.complete(ASK, Want(max_tokens=24))
    assert answer.text.strip() and not answer.logprobs
    assert answer.prompt_tokens >= 5 and 1 <= answer.completion_tokens <= 24


async def test_an_answer_that_hits_max_tokens_says_so(port: ChatPort) -> None:
    answer = await port.complete(ASK, Want(max_tokens=2))
    assert answer.cut and answer.completion_tokens == 2


async def test_log_probs_belong_to_the_text(port: ChatPort) -> None:
    answer = await port.complete(ASK, Want(max_tokens=6, top_logprobs=5))
    assert "".join(token.token for token in answer.logprobs) == answer.text
    for token in answer.logprobs:
        assert token.logprob <= 1e-6 and 1 <= len(token.top) <= 5
        assert token.token in dict(token.top)  # temperature 0 takes the best
    assert answer.mean_logprob is not None and answer.mean_logprob <= 0


async def test_a_schema_is_kept(port: ChatPort) -> None:
    asked = [HumanMessage("Which colour is the sky? Answer as JSON.")]
    answer = await port.complete(asked, Want(max_tokens=16, schema=SCHEMA))
    assert json.loads(answer.text)["colour"] in ("red", "blue")


async def test_streaming_is_invoking_in_pieces(port: ChatPort) -> None:
    pieces: list[str] = []
    want = Want(max_tokens=6, top_logprobs=2)
    whole = await port.complete(ASK, want)
    streamed = await port.complete(ASK, want, pieces.append)
    assert len(pieces) > 1 and "".join(pieces) == streamed.text == whole.text
    assert streamed.cut == whole.cut and streamed.completion_tokens == whole.completion_tokens
    assert [t.token for t in streamed.logprobs] == [t.token for t in whole.logprobs]


async def test_a_prompt_that_does_not_fit_is_an_error(port: ChatPort) -> None:
    with pytest.raises(ContextTruncated) as caught:
        await port.complete([HumanMessage("sea and sand " * 300)], Want(max_tokens=4))
    assert caught.value.remedy


async def test_cancelling_stops_soon_and_the_port_goes_on(port: ChatPort) -> None:
    call = asyncio.ensure_future(port.complete(STORY, Want(max_tokens=400)))
    await asyncio.sleep(0.3)
    start = time.monotonic()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert time.monotonic() - start < 1.5
    assert (await port.complete(ASK, Want(max_tokens=2))).text


async def test_calls_at_once_do_not_mix(port: ChatPort) -> None:
    asked = [[HumanMessage(RELEVANT)], ASK, [HumanMessage(RELEVANT)]]
    alone = [await port.complete(messages, Want(max_tokens=1)) for messages in asked]
    together = await asyncio.gather(*(port.complete(m, Want(max_tokens=1)) for m in asked))
    assert [a.text for a in together] == [a.text for a in alone]


async def test_a_critic_reads_a_distribution(port: ChatPort) -> None:
    critic = LetterCritic(CriticSettings(), port.name, port.supports)
    found = await critic.distribution(port.complete, [HumanMessage(RELEVANT)], RELEVANCE)
    assert found.rung == "logprobs" and found.coverage > 0.5
    assert found.p("Y") + found.p("N") == pytest.approx(1)
