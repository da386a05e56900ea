"""Model servers that answer in no shape of theirs, or nothing at all, are ModelErrors."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.messages import HumanMessage
from support.loopback import running

from churon.tools.errors import ModelError
from churon.tools.models.base import ChatPort, Want
from churon.tools.models.ollama import OllamaDialect, ollama_chat
from churon.tools.models.ollama_embeddings import OllamaEmbeddings
from churon.tools.models.openai import OpenAIChat
from churon.tools.models.openai_dialect import OpenAIDialect
from churon.tools.models.openai_embeddings import OpenAIEmbeddings
from churon.tools.models.vectors import finished

pytest.importorskip("langchain_openai")
ASK = [HumanMessage("Who keeps the lamp?")]
EMPTY = {
    "openai": {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": []},
    "ollama": {"model": "m", "message": {"role": "assistant", "content": ""}, "done": True},
}


@contextmanager
def answering(answer: Any) -> Iterator[str]:
    """The address of a server that answers everything with this JSON."""
    body = json.dumps(answer).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    with running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def embeddings(provider: str, url: str) -> Embeddings:
    if provider == "ollama":
        return OllamaEmbeddings("m", 2, base_url=url)
    return OpenAIEmbeddings("m", 2, base_url=url)


def chat(provider: str, url: str) -> ChatPort:
    if provider == "openai":
        return ChatPort(OpenAIChat(model="m", base_url=url), OpenAIDialect(), "m", 64)
    model = ollama_chat("m", base_url=url, context_length=64, keep_alive="1m", timeout=5)
    return ChatPort(model, OllamaDialect(64), "m", 64)


def vectors(provider: str, vector: Any) -> dict[str, Any]:
    if provider == "ollama":
        return {"model": "m", "embeddings": [vector]}
    return {"object": "list", "model": "m", "data": [{"index": 0, "embedding": vector}]}


@pytest.mark.parametrize("provider", ["openai", "ollama"])
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize("vector", [None, ["x", "y"], 3])
async def test_what_is_no_vector(provider: str, vector: Any) -> None:
    with answering(vectors(provider, vector)) as url:
        model = embeddings(provider, url)
        with pytest.raises(ModelError, match="cannot be read"):
            model.embed_query("lamp")
        with pytest.raises(ModelError, match="cannot be read"):
            await model.aembed_query("lamp")


@pytest.mark.parametrize("provider", ["openai", "ollama"])
@pytest.mark.parametrize("vector", [[0.0, 0.0], [1e300, 1e300]])
def test_a_vector_without_direction(provider: str, vector: list[float]) -> None:
    with (
        answering(vectors(provider, vector)) as url,
        pytest.raises(ModelError, match="'m' answered a vector without direction"),
    ):
        embeddings(provider, url).embed_query("lamp")


def test_other_vectors_than_asked_for_name_the_doctor() -> None:
    for wrong in ([[1.0, math.inf]], [[1.0, 0.0]] * 2):
        with pytest.raises(ModelError, match="Check the model with `churon doctor`"):
            finished(wrong, count=1, dimensions=2, model="m")


@pytest.mark.parametrize("answer", [None, [], "x", {}])
async def test_what_is_no_answer_of_ollama(answer: Any) -> None:
    with answering(answer) as url:
        with pytest.raises(ModelError, match="cannot be read"):
            await embeddings("ollama", url).aembed_query("lamp")
        with pytest.raises(ModelError, match="cannot be read"):
            await chat("ollama", url).complete(ASK, Want())


@pytest.mark.parametrize("host", ["http://[::1", "http://127.0.0.1:99999"])
def test_an_ollama_host_that_none_can_be(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("OLLAMA_HOST", host)
    with pytest.raises(ModelError, match="Check that base_url is an Ollama server") as caught:
        ollama_chat(
            "m", base_url=None, context_length=64, keep_alive="1m", timeout=5, api_key="sk-hunter2"
        )
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ModelError, match="Check that base_url"):
        OllamaEmbeddings("m", 2).embed_query("lamp")


@pytest.mark.parametrize("provider", ["openai", "ollama"])
async def test_nothing_is_no_answer(provider: str) -> None:
    answered = pytest.raises(ModelError, match="'m' answered nothing")
    with answering(EMPTY[provider]) as url, answered:
        await chat(provider, url).complete(ASK, Want())


def test_no_choices_are_no_answer_to_langchain() -> None:
    with answering(EMPTY["openai"]) as url, pytest.raises(ModelError, match="answered nothing"):
        chat("openai", url).model.invoke(ASK)


async def test_one_token_and_what_a_stop_word_ends_may_be_empty() -> None:
    with answering(EMPTY["ollama"]) as url:
        port = chat("ollama", url)
        for want in (Want(max_tokens=1), Want(stop=("},",))):
            assert (await port.complete(ASK, want)).text == ""


async def test_an_answer_that_ends_at_once_is_one() -> None:
    counted = {"prompt_eval_count": 9, "eval_count": 1, "done_reason": "stop"}
    with answering({**EMPTY["ollama"], **counted}) as url:
        assert (await chat("ollama", url).complete(ASK, Want())).text == ""
