"""OpenAI-compatible endpoints, against a local server that speaks their protocol."""

from __future__ import annotations

import asyncio
import json
import math
import socket

import pytest
from langchain_core.messages import HumanMessage
from pydantic import SecretStr
from support.openai_server import OpenAIServer
from support.scripted import ScriptedChat, first_instance, labelled, wanted_schema

from churon.tools.errors import ModelError, ModelMissing, ModelUnreachable, SettingsError
from churon.tools.models.base import ChatPort, Want
from churon.tools.models.critic import LetterCritic
from churon.tools.models.labels import RELEVANCE
from churon.tools.models.openai import OpenAIChat
from churon.tools.models.openai_dialect import OpenAIDialect
from churon.tools.models.openai_embeddings import OpenAIEmbeddings
from churon.tools.settings import CriticSettings

pytest.importorskip("langchain_openai")
ASK = [HumanMessage("What is the capital of Korea?")]
BOTH = frozenset({"logprobs", "schema"})


def script(messages, kwargs):
    if (schema := wanted_schema(kwargs)) is not None:
        return json.dumps(first_instance(schema))
    if "Y or N" in messages[-1].text:
        return labelled({"Y": 0.6, "N": 0.3, "Hm": 0.1})
    return "Seoul is the capital of Korea."


def port(url: str, model: str = "double", key: str | None = "right") -> ChatPort:
    secret = SecretStr(key) if key else None
    chat = OpenAIChat(model=model, base_url=url, api_key=secret, timeout=5)
    return ChatPort(chat, OpenAIDialect(), model, 64)


@pytest.fixture
def server():
    with OpenAIServer(ScriptedChat(script=script, calls=[])) as running:
        yield running


async def test_a_cut_answer_under_a_schema_is_an_answer(server) -> None:
    schema = {"type": "object", "properties": {"n": {"enum": [4]}}, "required": ["n"]}
    whole = await port(server.url).complete(ASK, Want(schema=schema))
    assert json.loads(whole.text) == {"n": 4}
    body = server.requests[-1][1]
    assert body["response_format"]["json_schema"]["schema"] == schema and body["max_tokens"] == 256
    cut = await port(server.url).complete(ASK, Want(schema=schema, max_tokens=1))
    assert cut.cut and cut.text == '{"n":'


async def test_the_critic_reads_log_probs(server) -> None:
    critic = LetterCritic(CriticSettings(top_logprobs=50), "double", BOTH)
    asked = [HumanMessage("Relevant? Y or N")]
    found = await critic.distribution(port(server.url, key=None).complete, asked, RELEVANCE)
    assert found.rung == "logprobs" and found.p("Y") == pytest.approx(2 / 3)
    assert server.requests[-1][1]["top_logprobs"] == 20


async def test_failures_name_what_to_do(server) -> None:
    with pytest.raises(ModelMissing, match="no model 'gone'"):
        await port(server.url, "gone").complete(ASK, Want())
    with pytest.raises(ModelError, match="Set api_key") as caught:
        await port(server.url, key="wrong-secret").complete(ASK, Want())
    assert "wrong-secret" not in str(caught.value)


async def test_no_server_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(ModelUnreachable, match="Start it"):
        await port(url).complete(ASK, Want())


def test_openai_itself_needs_a_key(monkeypatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(SettingsError, match="OPENAI_API_KEY"):
        OpenAIChat(model="gpt-x").load()


def test_one_model_serves_two_event_loops_one_after_the_other(server) -> None:
    there = port(server.url)
    texts = [asyncio.run(there.complete(ASK, Want())).text for _ in range(2)]
    assert texts == ["Seoul is the capital of Korea."] * 2


async def test_embeddings_are_cut_to_size_and_normalised(server) -> None:
    there = OpenAIEmbeddings("double", 256, base_url=server.url, query_prefix="q: ", batch=2)
    vectors = await there.aembed_documents(["one", "", "three"])
    assert [len(v) for v in vectors] == [256] * 3
    assert all(math.fsum(x * x for x in v) == pytest.approx(1) for v in vectors)
    assert vectors == there.embed_documents(["one", "", "three"])
    assert await there.aembed_query("one") != vectors[0]
    assert server.requests[-1][1]["input"] == ["q: one"] and there.embed_documents([]) == []
