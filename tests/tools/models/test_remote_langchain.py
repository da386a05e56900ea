"""LangChain's standard tests for the remote models, against local servers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_tests.integration_tests import ChatModelIntegrationTests, EmbeddingsIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests, EmbeddingsUnitTests
from support.ollama_server import OllamaServer
from support.openai_server import OpenAIServer
from support.scripted import ScriptedChat

from churon.tools.models.ollama import OllamaChat
from churon.tools.models.ollama_client import client_options
from churon.tools.models.ollama_embeddings import OllamaEmbeddings
from churon.tools.models.openai import OpenAIChat


def scripted() -> ScriptedChat:
    return ScriptedChat(script=lambda messages, kwargs: "One apple a day.", calls=[])


@pytest.fixture(scope="module")
def ollama_url() -> Iterator[str]:
    with OllamaServer(scripted()) as server:
        yield server.url


@pytest.fixture(scope="module")
def openai_url() -> Iterator[str]:
    pytest.importorskip("langchain_openai")
    with OpenAIServer(scripted()) as server:
        yield server.url


class TestOllamaUnit(ChatModelUnitTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return OllamaChat

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": "double", "num_ctx": 4096, "client_kwargs": client_options(5)}


class _Served(ChatModelIntegrationTests):
    """The scripted model behind the servers writes prose only."""

    url = ""

    @property
    def has_tool_calling(self) -> bool:
        return False

    @property
    def has_structured_output(self) -> bool:
        return False

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": "double", "base_url": self.url}


class TestOllamaServed(_Served):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return OllamaChat

    @pytest.fixture(autouse=True)
    def _at(self, ollama_url: str) -> None:
        self.url = ollama_url


class TestOpenAIUnit(ChatModelUnitTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return OpenAIChat

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": "double", "base_url": "http://127.0.0.1:9/v1"}


class TestOpenAIServed(_Served):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return OpenAIChat

    @pytest.fixture(autouse=True)
    def _at(self, openai_url: str) -> None:
        self.url = openai_url


class TestOllamaEmbeddingsUnit(EmbeddingsUnitTests):
    @property
    def embeddings_class(self) -> type[OllamaEmbeddings]:
        return OllamaEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"model": "double", "dimensions": 512}


class TestOllamaEmbeddingsServed(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self) -> type[OllamaEmbeddings]:
        return OllamaEmbeddings

    @pytest.fixture
    def model(self, ollama_url: str) -> OllamaEmbeddings:
        return OllamaEmbeddings("double", 512, base_url=ollama_url)
