"""OpenAI-compatible endpoints, against a local server that speaks their protocol."""

from __future__ import annotations

import asyncio
import json
import math
import socket

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage
from pydantic import SecretStr
from support.openai_server import OpenAIServer
from support.scripted import ScriptedChat, first_instance, labelled, wanted_schema

from churon.tools.errors import (
    ModelDenied,
    ModelError,
    ModelMissing,
    ModelUnreachable,
    SettingsError,
)
from churon.tools.models.base import ChatPort, Want
from churon.tools.models.critic import LetterCritic
from churon.tools.models.factory import open_chat
from churon.tools.models.labels import RELEVANCE
from churon.tools.models.openai import OpenAIChat
from churon.tools.models.openai_client import api_key_for
from churon.tools.models.openai_dialect import OpenAIDialect
from churon.tools.models.openai_embeddings import OpenAIEmbeddings
from churon.tools.settings import CriticSettings, load_settings

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


def test_a_variables_key_that_no_header_can_hold_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-\rhunter2")
    with pytest.raises(SettingsError, match=r"no HTTP header can.*OPENAI_API_KEY") as caught:
        OpenAIChat(model="gpt-x").load()
    assert "hunter2" not in str(caught.value)


def test_a_variables_key_loses_a_line_end_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-word\r\n")
    assert api_key_for(None, None).get_secret_value() == "sk-word"


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


async def test_a_server_that_is_busy_is_asked_again_and_then_said_to_be(
    server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults = [(429, "slow down")]
    assert (await port(server.url).complete(ASK, Want())).text.startswith("Seoul")
    server.faults = [(503, "loading the model")] * 9
    with pytest.raises(ModelUnreachable, match=r"busy.*loading the model"):
        await port(server.url).complete(ASK, Want())


async def test_a_refused_key_ends_the_critics_ladder(server) -> None:
    critic = LetterCritic(CriticSettings(), "double", BOTH)
    with pytest.raises(ModelDenied, match="Set api_key"):
        await critic.distribution(port(server.url, key="wrong").complete, ASK, RELEVANCE)
    assert len(server.requests) == 1


async def test_an_address_without_v1_is_told_from_a_missing_model(server) -> None:
    server.faults = [(404, "Not Found")]
    with pytest.raises(ModelError, match="mostly /v1") as caught:
        await port(server.url).complete(ASK, Want())
    assert not isinstance(caught.value, ModelMissing)


async def test_the_variables_key_is_for_openai_alone(
    server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-real")
    await port(server.url, key=None).complete(ASK, Want())
    assert server.keys == ["Bearer none"]


async def test_an_addresss_password_is_in_no_message() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://kim:hunter2@127.0.0.1:{nobody.getsockname()[1]}/v1"
        with pytest.raises(ModelUnreachable) as caught:
            await port(url).complete(ASK, Want())
    assert "hunter2" not in str(caught.value) and "127.0.0.1" in str(caught.value)


async def test_an_answer_that_is_all_thoughts_is_said_to_be() -> None:
    spent = AIMessage("", response_metadata={"finish_reason": "length"})
    model = GenericFakeChatModel(messages=iter([spent, spent]))
    thinking = ChatPort(model, OpenAIDialect(), "deep", 64)
    with pytest.raises(ModelError, match=r"'deep' wrote no answer within 4 tokens.*thinks"):
        await thinking.complete(ASK, Want(max_tokens=4))
    assert (await thinking.complete(ASK, Want(max_tokens=1))).text == ""


async def test_a_model_that_thinks_has_room_for_it(server) -> None:
    server.keys.clear()
    chat = {"provider": "openai", "model": "double", "base_url": server.url, "api_key": "right"}
    thinking = open_chat(load_settings(chat={**chat, "thinking_tokens": 400}))
    answer = await thinking.complete(ASK, Want(8, 0.5, seed=3, top_logprobs=2, stop=("of",)))
    body = server.requests[-1][1]
    assert answer.text and (body["max_tokens"], body["seed"]) == (408, 3)
    assert not {"temperature", "stop", "logprobs"} & set(body)
    assert thinking.supports == {"schema"} and open_chat(load_settings(chat=chat)).supports == BOTH


def test_a_server_of_one_size_is_not_asked_for_dimensions_again(server) -> None:
    server.one_size = True
    model = OpenAIEmbeddings("double", 8, base_url=server.url, api_key=SecretStr("right"))
    assert len(model.embed_query("harbour")) == len(model.embed_query("tea")) == 8
    assert len(asyncio.run(model.aembed_query("tea"))) == 8
    assert ["dimensions" in body for _, body in server.requests] == [True, False, False, False]
    server.faults = [(400, "the input is too long")]
    with pytest.raises(ModelError, match="too long"):
        model.embed_query("harbour")


async def test_calls_at_once_that_are_refused_dimensions_all_go_on(server) -> None:
    server.one_size = True
    model = OpenAIEmbeddings("double", 8, base_url=server.url, api_key=SecretStr("right"))
    found = await asyncio.gather(*(model.aembed_query(text) for text in ("a", "b", "c", "d")))
    assert [len(vector) for vector in found] == [8] * 4
