"""A chat model of any LangChain package, given to a Toolkit as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_ollama import ChatOllama
from pydantic import Field
from support import bridge, ferry
from support.hashing import HashingEmbeddings
from support.ollama_server import OllamaServer
from support.openai_server import OpenAIServer
from support.scripted import ScriptedChat
from support.world import ListStore, settings, step_of

import churon
from churon.graphs.registry import GRAPHS
from churon.tools.errors import InputError, ModelError
from churon.tools.models.base import Want
from churon.tools.models.langchain_chat import CONTEXT_LENGTH, port_of

LETTERS = {"grade": "Y", "support": "F", "utility": "5", "same": "Y", "sufficient": "Y"}


class Foreign(BaseChatModel):
    """Takes no keyword but `stop`, and gives neither log-probs nor usage."""

    model: str = "foreign-1"
    temperature: float | None = None
    max_output_tokens: int | None = None
    seen: list[tuple[float | None, int | None]] = Field(default_factory=list)
    answers: Any = None
    away: bool = False

    @property
    def _llm_type(self) -> str:
        return "foreign"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
    ) -> ChatResult:
        if self.away:
            raise LookupError("no such host:\n away")
        self.seen.append((self.temperature, self.max_output_tokens))
        prompt = str(messages[-1].content)
        step = step_of(prompt)
        text = LETTERS.get(step) or str(self.answers(step, prompt))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])


@pytest.fixture
def foreign() -> Iterator[Foreign]:
    yield Foreign(seen=[], answers=ferry.model())


@pytest.mark.parametrize("graph", GRAPHS)
async def test_every_graph_answers_with_it(graph: str, foreign: Foreign) -> None:
    question, texts, said = ferry.QUESTION, ferry.TEXTS, "07:30"
    if graph in ("cot_rag", "mcts_rag"):
        question, texts, said = bridge.QUESTION, bridge.TEXTS, "Sora Han"
        foreign.answers = bridge.model()
    toolkit = churon.Toolkit(settings(), chat=foreign, store=ListStore(texts))
    output = await churon.ask(question, graph, toolkit=toolkit)
    assert said in output["answer"]
    assert output["usage"]["calls"] == len(foreign.seen) > 0


async def test_its_fields_say_what_a_call_wants(foreign: Foreign) -> None:
    port = port_of(foreign)
    hello = [HumanMessage("Hello")]
    await port.complete(hello, Want(max_tokens=70, temperature=0.7, seed=3))
    await port.complete(hello, Want(max_tokens=9), on_token=lambda text: None)
    assert foreign.seen == [(0.7, 70), (0.0, 16)]
    assert (foreign.temperature, foreign.max_output_tokens) == (None, None)
    assert (port.name, port.context_length) == ("foreign-1", CONTEXT_LENGTH)
    told = Foreign(profile={"max_input_tokens": 999})
    assert port_of(told).context_length == 999


async def test_a_model_that_thinks_is_left_as_it_is(foreign: Foreign) -> None:
    for told in ({"reasoning_output": True}, {"temperature": False}):
        port = port_of(foreign.model_copy(update={"profile": told, "temperature": 1.0}))
        await port.complete([HumanMessage("Hello")], Want(max_tokens=7, stop=("x",)))
        assert port.dialect.kwargs(Want(stop=("x",))) == {}
    assert foreign.seen == [(1.0, None), (1.0, None)]


async def test_what_its_package_raises_is_one_clear_error(foreign: Foreign) -> None:
    foreign.away = True
    toolkit = churon.Toolkit(settings(), chat=foreign, store=ListStore(ferry.TEXTS))
    with pytest.raises(ModelError, match="'foreign-1' failed: LookupError: no such host: away"):
        await churon.ask(ferry.QUESTION, "two_stage", toolkit=toolkit)


def test_a_vector_store_is_refused_at_once() -> None:
    given: Any = InMemoryVectorStore(HashingEmbeddings())
    with pytest.raises(InputError, match=r"InMemoryVectorStore.*churon ingest"):
        churon.Toolkit(store=given)


async def test_langchains_own_packages_are_told_what_a_call_wants() -> None:
    openai = pytest.importorskip("langchain_openai")
    chat = ScriptedChat(script=lambda messages, kwargs: "Hi.", calls=[])
    hello = [HumanMessage("Hello")]
    want = Want(max_tokens=70, temperature=0.7, seed=3)
    with OpenAIServer(chat) as server:
        model = openai.ChatOpenAI(model="double", base_url=server.url, api_key="right")
        assert (await port_of(model).complete(hello, want)).text == "Hi."
        assert (
            await port_of(model).complete(hello, want, on_token=lambda text: None)
        ).text == "Hi."
        bodies = [body for _, body in server.requests]
    for body in bodies:
        assert body.get("max_tokens", body.get("max_completion_tokens")) == 70
        assert (body["temperature"], body["seed"]) == (0.7, 3)
    with OllamaServer(chat) as ollama:
        local = ChatOllama(model="double", base_url=ollama.url)
        assert (await port_of(local).complete(hello, want)).text == "Hi."
        options = [body["options"] for path, body in ollama.requests if path == "/api/chat"]
    told = {"num_predict": 70, "temperature": 0.7, "seed": 3}
    assert [{name: one[name] for name in told} for one in options] == [told]
