"""EmbeddedChat passes LangChain's standard tests for chat models, on the 0.5B model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from churon.tools.models.embedded import EmbeddedChat


class _Suite:
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return EmbeddedChat

    @property
    def supports_model_override(self) -> bool:
        return False  # the model is a file, not a name that a server knows


class TestEmbeddedChatUnit(_Suite, ChatModelUnitTests):
    """What needs no model file."""

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model_path": Path("model.gguf")}


@pytest.mark.models
class TestEmbeddedChat(_Suite, ChatModelIntegrationTests):
    """Tool calling is off: small models do not keep to the template's form of it."""

    shared: EmbeddedChat

    @pytest.fixture(autouse=True)
    def _shared_engine(self, embedded_chat: EmbeddedChat) -> None:
        self.shared = embedded_chat

    @pytest.fixture
    def model(self, _shared_engine: None) -> BaseChatModel:
        return EmbeddedChat(**self.chat_model_params)

    @property
    def chat_model_params(self) -> dict[str, Any]:
        fields = ("model_path", "context_length", "slots", "threads")
        engine = {name: getattr(self.shared, name) for name in fields}
        return {**engine, "max_tokens": 64, "temperature": 0.0}

    @pytest.mark.xfail(run=False, reason="for time: the sync form takes the same path")
    async def test_structured_output_async(self, model: BaseChatModel, schema_type: str) -> None:
        raise NotImplementedError
