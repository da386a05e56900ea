"""Any OpenAI-compatible endpoint (OpenAI, vLLM, llama.cpp, LM Studio), through langchain-openai.

The package is the extra `openai`, imported when a model is opened.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import BaseChatModel, LangSmithParams, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import PrivateAttr, SecretStr

from churon.tools.models.base import nothing
from churon.tools.models.openai_client import (
    api_key_for,
    async_http_client,
    openai_errors,
    openai_package,
)
from churon.tools.models.per_loop import PerLoop

if TYPE_CHECKING:
    from langchain_openai.chat_models.base import BaseChatOpenAI

MOST_TOP_LOGPROBS = 20


class OpenAIChat(BaseChatModel):
    """A chat model behind /v1/chat/completions.

    Raises ModelUnreachable, ModelMissing, ContextTruncated, ModelError.
    """

    model: str
    base_url: str | None = None
    """None: OpenAI itself."""
    api_key: SecretStr | None = None
    timeout: float = 300.0
    _loops: PerLoop[BaseChatOpenAI] = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Nothing is imported yet."""
        super().model_post_init(context)
        self._loops = PerLoop(self._served)

    def load(self) -> None:
        """Import the package and check the key now rather than at the first call; seconds."""
        self._served()

    def _served(self) -> BaseChatOpenAI:
        package, _ = openai_package()
        given: dict[str, Any] = {
            "model": self.model,
            "base_url": self.base_url,
            "api_key": api_key_for(self.base_url, self.api_key),
            "timeout": self.timeout,
            "stream_chunk_timeout": self.timeout,
            "stream_usage": True,
            "use_responses_api": False,
            "http_async_client": async_http_client(self.base_url, self.timeout),
        }
        # Compatible servers know `max_tokens`; ChatOpenAI renames it as OpenAI itself wants it
        kind = package.ChatOpenAI if self.base_url is None else _base_class()
        served: BaseChatOpenAI = kind(**given)
        return served

    @property
    def _llm_type(self) -> str:
        return "churon-openai"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, "base_url": self.base_url}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        named = super()._get_ls_params(stop=stop, **kwargs)
        named["ls_provider"], named["ls_model_name"] = "openai", kwargs.get("model", self.model)
        return named

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The model with these tools offered."""
        given = {"tools": [convert_to_openai_tool(tool) for tool in tools], **kwargs}
        if tool_choice:
            words = ("auto", "none", "required")
            named = {"type": "function", "function": {"name": tool_choice}}
            chosen = "required" if tool_choice == "any" else tool_choice
            given["tool_choice"] = chosen if chosen in words else named
        return self.bind(**given)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with openai_errors(self.model, self.base_url):
            asked = (messages, stop, run_manager)
            return self._answered(self._served()._generate(*asked, **_spelt(kwargs)))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with openai_errors(self.model, self.base_url):
            served = self._loops.get()
            asked = (messages, stop, run_manager)
            return self._answered(await served._agenerate(*asked, **_spelt(kwargs)))

    def _answered(self, result: ChatResult) -> ChatResult:
        if not result.generations:
            raise nothing(self.model)
        return result

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        with openai_errors(self.model, self.base_url):
            empty = True
            for chunk in self._served()._stream(messages, stop, run_manager, **_spelt(kwargs)):
                empty = False
                yield chunk
            _check_not(empty)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        with openai_errors(self.model, self.base_url):
            served = self._loops.get()
            empty = True
            async for chunk in served._astream(messages, stop, run_manager, **_spelt(kwargs)):
                empty = False
                yield chunk
            _check_not(empty)


def _check_not(empty: bool) -> None:
    if empty:  # a web page's address answers with something else
        raise ValueError("there is no chunk in it")


def _base_class() -> Any:
    from langchain_openai.chat_models.base import BaseChatOpenAI

    return BaseChatOpenAI


def _spelt(kwargs: dict[str, Any]) -> dict[str, Any]:
    given = dict(kwargs)
    if (top := given.get("top_logprobs")) is not None:
        given["top_logprobs"] = min(top, MOST_TOP_LOGPROBS)
    if (wanted := given.pop("response_format", None)) is not None:
        # As a plain body field: the client's own handling raises for an answer that was cut
        given["extra_body"] = {**given.get("extra_body", {}), "response_format": wanted}
    return given
