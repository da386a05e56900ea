"""Ollama's wire protocol, against a local server that speaks it."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import time

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from ollama import ResponseError
from support.ollama_server import OllamaServer
from support.scripted import Reply, ScriptedChat, first_instance, labelled, wanted_schema

from churon.tools.errors import (
    ContextTruncated,
    ModelDenied,
    ModelError,
    ModelMissing,
    ModelUnreachable,
)
from churon.tools.models.base import ChatPort, Want
from churon.tools.models.critic import LetterCritic
from churon.tools.models.factory import open_chat
from churon.tools.models.labels import RELEVANCE
from churon.tools.models.ollama import OllamaDialect, ollama_chat
from churon.tools.models.ollama_client import ollama_errors
from churon.tools.models.ollama_embeddings import OllamaEmbeddings
from churon.tools.settings import CriticSettings, load_settings

ASK = [SystemMessage("Be brief."), HumanMessage("What is the capital of Korea?")]


def script(messages, kwargs):
    if (schema := wanted_schema(kwargs)) is not None:
        return json.dumps(first_instance(schema))
    if "Y or N" in messages[-1].text:
        return labelled({"Y": 0.8, "N": 0.15, "Hm": 0.05})
    if "slow" in messages[-1].text:
        return Reply("too late", delay=1.0)
    if "boom" in messages[-1].text:
        return Reply(error=RuntimeError("the runner crashed"))
    return "Seoul is the capital of Korea."


def port(url: str, model: str = "double", context_length: int = 64, timeout: float = 5) -> ChatPort:
    chat = ollama_chat(
        model, base_url=url, context_length=context_length, keep_alive="1m", timeout=timeout
    )
    return ChatPort(chat, OllamaDialect(context_length), model, context_length)


@pytest.fixture(params=["new", "old"])
def server(request):
    with OllamaServer(ScriptedChat(script=script, calls=[]), old=request.param == "old") as running:
        yield running


@pytest.fixture
def new_server():
    with OllamaServer(ScriptedChat(script=script, calls=[])) as running:
        yield running


async def test_chat_sends_context_length_sampling_and_keep_alive(server) -> None:
    want = Want(max_tokens=3, temperature=0.5, seed=11, stop=("of",))
    answer = await port(server.url).complete(ASK, want)
    assert answer.text == "Seoul is the" and answer.cut
    assert answer.prompt_tokens == 8 and answer.completion_tokens == 3
    path, body = server.requests[-1]
    options = {"num_ctx": 64, "num_predict": 3, "temperature": 0.5, "seed": 11, "stop": ["of"]}
    assert path == "/api/chat" and body["options"] == options
    assert body["keep_alive"] == "1m" and body["think"] is False
    assert body["truncate"] is False and body["shift"] is False
    assert [m["role"] for m in body["messages"]] == ["system", "user"]


async def test_a_model_that_thinks_has_room_for_it(new_server) -> None:
    chat = {"model": "double", "base_url": new_server.url, "thinking_tokens": 400}
    thinking = open_chat(load_settings(preset="ollama", chat=chat))
    await thinking.complete(ASK, Want(8, 0.5, seed=3, top_logprobs=2, stop=("of",)))
    body = new_server.requests[-1][1]
    assert body["options"] == {"num_ctx": 8_192, "num_predict": 408, "seed": 3}
    assert body["think"] is True and "logprobs" not in body and thinking.supports == {"schema"}


async def test_streaming_gives_what_invoking_gives(new_server) -> None:
    pieces: list[str] = []
    whole = await port(new_server.url).complete(ASK, Want(top_logprobs=2))
    streamed = await port(new_server.url).complete(ASK, Want(top_logprobs=2), pieces.append)
    assert streamed == whole and whole.text == "".join(pieces) and len(pieces) == 6
    assert len(whole.logprobs) == 6 and whole.logprobs[0].top[0] == ("Seoul", -0.1)


def test_the_sync_door_answers_the_same(new_server) -> None:
    chat = port(new_server.url).model
    message = chat.invoke(ASK, logprobs=True, top_logprobs=1)
    assert message.text == "Seoul is the capital of Korea."
    plain = message.response_metadata["logprobs"]["content"][0]
    assert plain == {
        "token": "Seoul",
        "logprob": -0.1,
        "top_logprobs": [{"token": "Seoul", "logprob": -0.1}],
    }


async def test_schema_travels_as_format(new_server) -> None:
    schema = {"type": "object", "properties": {"n": {"enum": [4, 5]}}, "required": ["n"]}
    answer = await port(new_server.url).complete(ASK, Want(schema=schema))
    assert json.loads(answer.text) == {"n": 4}
    assert new_server.requests[-1][1]["format"] == schema


async def test_critic_reads_the_servers_log_probs_and_survives_an_old_server(server) -> None:
    question = [HumanMessage("Relevant? Y or N")]
    there = port(server.url)
    critic = LetterCritic(CriticSettings(), "double", frozenset({"logprobs", "schema"}))
    found = await critic.distribution(there.complete, question, RELEVANCE)
    if server.old:
        assert found.rung == "regex" and found.says("Y")
    else:
        assert found.rung == "logprobs" and found.p("Y") == pytest.approx(0.8 / 0.95)


async def test_wish_for_more_candidates_than_the_server_allows_is_lowered(new_server) -> None:
    await port(new_server.url).complete(ASK, Want(top_logprobs=100))
    assert new_server.requests[-1][1]["top_logprobs"] == 20


async def test_a_prompt_that_does_not_fit_is_an_error_on_new_and_old_servers(server) -> None:
    long = [HumanMessage("word " * 200)]
    with pytest.raises(ContextTruncated, match=r"'double'.*chat\.context_length"):
        await port(server.url).complete(long, Want())
    with pytest.raises(ContextTruncated):
        port(server.url).model.invoke(long)


async def test_an_answer_that_pushes_the_prompt_out_is_an_error(new_server) -> None:
    with pytest.raises(ContextTruncated, match="8 and 6 tokens exceed 10"):
        await port(new_server.url, context_length=10).complete(ASK, Want())


async def test_missing_model_names_the_pull_command(new_server) -> None:
    with pytest.raises(ModelMissing, match=r"Run `ollama pull qwen2\.5:7b-instruct`"):
        await port(new_server.url, "qwen2.5:7b-instruct").complete(ASK, Want())


async def test_no_server_names_the_address_and_the_command() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://user:secret@127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ModelUnreachable, match=r"127\.0\.0\.1.*ollama serve") as caught:
        await port(url).complete(ASK, Want())
    assert "secret" not in str(caught.value)
    with pytest.raises(ModelUnreachable):
        OllamaEmbeddings("double", 512, base_url=url).embed_query("x")


async def test_a_silent_server_is_unreachable_after_the_timeout(new_server) -> None:
    with pytest.raises(ModelUnreachable, match="in time"):
        await port(new_server.url, timeout=0.2).complete([HumanMessage("slow")], Want())


async def test_a_failure_of_the_runner_is_a_model_error(new_server) -> None:
    with pytest.raises(ModelError, match=r"the runner crashed.* Look into its log"):
        await port(new_server.url).complete([HumanMessage("boom")], Want())


def test_a_refused_key_is_to_be_set() -> None:
    with pytest.raises(ModelDenied, match="Set api_key"), ollama_errors("m", None):
        raise ResponseError("unauthorized", 401)


async def test_cancelling_a_call_returns_at_once(new_server) -> None:
    call = asyncio.ensure_future(port(new_server.url).complete([HumanMessage("slow")], Want()))
    await asyncio.sleep(0.1)
    start = time.monotonic()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert time.monotonic() - start < 0.5


def test_one_model_serves_two_event_loops_one_after_the_other(new_server) -> None:
    there = port(new_server.url)
    embeddings = OllamaEmbeddings("double", 512, base_url=new_server.url)

    async def both() -> str:
        await asyncio.gather(*(there.complete(ASK, Want()) for _ in range(3)))
        await embeddings.aembed_query("x")
        return (await there.complete(ASK, Want())).text

    assert asyncio.run(both()) == asyncio.run(both()) == "Seoul is the capital of Korea."
    assert len(there.model._loops) == 1  # the closed loop's client is gone


async def test_history_keeps_its_roles(new_server) -> None:
    await port(new_server.url).complete([*ASK, AIMessage("Seoul"), HumanMessage("Sure?")], Want())
    roles = [m["role"] for m in new_server.requests[-1][1]["messages"]]
    assert roles == ["system", "user", "assistant", "user"]


async def test_embeddings_have_the_wished_size_on_new_and_old_servers(server) -> None:
    there = OllamaEmbeddings("double", 512, base_url=server.url, query_prefix="query: ", batch=2)
    documents = await there.aembed_documents(["one", "two", "three", "", "  "])
    assert [len(vector) for vector in documents] == [512] * 5
    assert all(math.fsum(x * x for x in v) == pytest.approx(1) for v in documents)
    assert documents == there.embed_documents(["one", "two", "three", "", " "])
    assert [len(body["input"]) for _, body in server.requests[:3]] == [2, 2, 1]
    assert server.requests[0][1]["dimensions"] == 512
    assert await there.aembed_query("one") == there.embed_query("one") != documents[0]
    assert server.requests[-1][1]["input"] == ["query: one"]
    assert await there.aembed_documents([]) == []


async def test_cut_vectors_equal_those_of_a_server_that_knows_dimensions() -> None:
    vectors = []
    for old in (False, True):
        with OllamaServer(ScriptedChat(script=script, calls=[]), old=old) as running:
            vectors.append(OllamaEmbeddings("double", 512, base_url=running.url).embed_query("a"))
    assert vectors[0] == pytest.approx(vectors[1])


async def test_vectors_that_are_too_short_are_refused(new_server) -> None:
    with pytest.raises(ModelError, match=r"1024 numbers.*2048.*Set embedding\.dimensions to 1024"):
        await OllamaEmbeddings("double", 2048, base_url=new_server.url).aembed_documents(["x"])


async def test_missing_embedding_model_names_the_pull_command(new_server) -> None:
    with pytest.raises(ModelMissing, match="ollama pull mxbai-embed-large"):
        await OllamaEmbeddings("mxbai-embed-large", 512, base_url=new_server.url).aembed_query("x")


@pytest.mark.models
async def test_real_vectors_over_the_wire_find_the_passage(models_folder) -> None:
    from churon.tools.models.e5 import WEIGHTS_FILE, E5Embeddings

    if not (models_folder / WEIGHTS_FILE).is_file():
        pytest.skip("no e5 weights: run `churon models pull --quick`")
    passages = ["서울은 대한민국의 수도이다.", "Apples are red.", "The sea is deep."]
    real = E5Embeddings(models_folder, query_prefix="", document_prefix="")
    with OllamaServer(ScriptedChat(script=script, calls=[]), real) as running:
        there = OllamaEmbeddings(
            "double", 256, base_url=running.url, query_prefix="query: ", document_prefix="passage: "
        )
        documents = await there.aembed_documents(passages)
        question = await there.aembed_query("한국의 수도는 어디인가?")
    scores = [math.fsum(a * b for a, b in zip(question, d, strict=True)) for d in documents]
    assert len(question) == 256 and max(scores) == scores[0]
