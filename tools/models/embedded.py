"""`EmbeddedChat`: a GGUF model in this process as a LangChain chat model."""

from __future__ import annotations

import asyncio
import queue
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from operator import itemgetter
from pathlib import Path
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.language_models.chat_models import agenerate_from_stream, generate_from_stream
from langchain_core.messages import BaseMessage, convert_to_openai_messages
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import convert_to_json_schema
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import Field, PrivateAttr

from churon.tools.errors import ModelError, ModelTimeout
from churon.tools.models.embedded_engine import (
    Call,
    Engine,
    EngineParams,
    User,
    close_engine,
    engine_for,
)
from churon.tools.models.embedded_reply import ReplyReader
from churon.tools.setting_values import at_home

_SAMPLING = {"max_tokens", "temperature", "seed", "stop", "top_p", "top_k", "min_p"}
_SHAPING = {"logprobs", "top_logprobs", "response_format"}
_KEYWORDS = _SAMPLING | _SHAPING


class EmbeddedChat(BaseChatModel):
    """A chat model on llama.cpp, loaded on first use and shared by all with equal parameters.

    Calls take OpenAI's keywords. A cancelled or abandoned call stops at the next token (while it
    reads a prompt: at the next 512 tokens). Raises ModelMissing, ContextTruncated, ModelError.
    """

    model_path: Path
    """A .gguf file with a chat template."""
    context_length: int = Field(8_192, ge=128)
    """Tokens of prompt and answer of one call."""
    slots: int = Field(4, ge=1)
    """Calls served at once; each has its own context, so memory grows with it."""
    threads: int = Field(0, ge=0)
    """0 takes all cores of the process."""
    gpu_layers: int = Field(0, ge=0)
    timeout: float = Field(300.0, gt=0)
    """Seconds for one call, waiting for a slot included."""
    max_tokens: int | None = None
    temperature: float | None = None
    seed: int | None = None
    stop: list[str] | None = None
    _user: User = PrivateAttr(default_factory=User)

    def load(self) -> None:
        """Load the model now rather than at the first call; blocks for seconds."""
        self._engine()

    def close(self) -> None:
        """Free the model unless others who share it are at it; a later call loads it again."""
        close_engine(self._engine_params, self._user)

    @property
    def _llm_type(self) -> str:
        return "churon-embedded"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_path": str(self.model_path), "context_length": self.context_length}

    @property
    def _engine_params(self) -> EngineParams:
        path = at_home(self.model_path).resolve()
        return EngineParams(path, self.context_length, self.slots, self.threads, self.gpu_layers)

    def _engine(self) -> Engine:
        return engine_for(self._engine_params, self._user)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type,
        *,
        include_raw: bool = False,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Answers under the JSON schema of `schema` (pydantic class, TypedDict or JSON schema).

        The engine's grammar holds the model to it: `method` has nothing to choose, and tools, which
        small models call unreliably, are not used. With `include_raw`: {raw, parsed,
        parsing_error}.
        """
        shape = convert_to_json_schema(schema)
        wanted = {"name": "answer", "schema": shape, "strict": True}
        asked = self.bind(
            response_format={"type": "json_schema", "json_schema": wanted},
            # Read by LangChain's tracing, which takes it out before the call
            ls_structured_output_format={"kwargs": {"method": "json_schema"}, "schema": schema},
        )
        parser: JsonOutputParser = (
            PydanticOutputParser(pydantic_object=schema)
            if isinstance(schema, type) and is_basemodel_subclass(schema)
            else JsonOutputParser()
        )
        if not include_raw:
            return asked | parser
        parsed = RunnablePassthrough.assign(
            parsed=itemgetter("raw") | parser, parsing_error=lambda _: None
        )
        failed = RunnablePassthrough.assign(parsed=lambda _: None)
        fallback = parsed.with_fallbacks([failed], exception_key="parsing_error")
        return RunnableMap(raw=asked) | fallback

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, None, **kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await agenerate_from_stream(self._astream(messages, stop, None, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = self._request(messages, stop, kwargs)
        reader = ReplyReader(self.model_path.stem)
        chunks: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        end = time.monotonic() + self.timeout
        call = self._engine().start(request, chunks.put)
        call.future.add_done_callback(lambda _: chunks.put(None))
        try:
            while (chunk := chunks.get(timeout=max(0.0, end - time.monotonic()))) is not None:
                if part := reader.read(chunk):
                    yield part
            _outcome(call)
        except queue.Empty:
            raise self._too_slow() from None
        finally:
            call.stop()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        request = self._request(messages, stop, kwargs)
        reader = ReplyReader(self.model_path.stem)
        loop = asyncio.get_running_loop()
        chunks: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        end = loop.time() + self.timeout
        engine = await asyncio.to_thread(self._engine)

        def pass_on(chunk: dict[str, Any] | None) -> None:
            loop.call_soon_threadsafe(chunks.put_nowait, chunk)

        call = engine.start(request, pass_on)
        call.future.add_done_callback(lambda _: _end(pass_on))
        try:
            while True:
                chunk = await asyncio.wait_for(chunks.get(), max(0.0, end - loop.time()))
                if chunk is None:
                    break
                if part := reader.read(chunk):
                    yield part
            _outcome(call)
        except TimeoutError:
            raise self._too_slow() from None
        finally:
            call.stop()

    def _request(
        self, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        """The engine's request. Raises ModelError for a keyword that it does not know."""
        if unknown := sorted(set(kwargs) - _KEYWORDS):
            raise ModelError(
                f"The embedded model does not take {', '.join(unknown)}.",
                remedy=f"It takes {', '.join(sorted(_KEYWORDS))}.",
            )
        defaults: dict[str, Any] = {
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "seed": self.seed,
            "stop": stop or self.stop,
        }
        wishes = {**defaults, **{k: v for k, v in kwargs.items() if k in _KEYWORDS}}
        return {
            **{name: value for name, value in wishes.items() if value is not None},
            "messages": convert_to_openai_messages(messages, text_format="string"),
            "stream": True,
            "stream_options": {"include_usage": True},
            # of models that may think first: a label is one token, an answer has few
            "chat_template_kwargs": {"enable_thinking": False},
            "return_progress": True,  # a chunk for each prompt batch: chances to stop
        }

    def _too_slow(self) -> ModelTimeout:
        return ModelTimeout(
            f"The embedded model did not finish within {self.timeout:g} seconds.",
            remedy="Raise chat.timeout or take a smaller model.",
        )

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = "churon-embedded"
        params["ls_model_name"] = kwargs.get("model") or self.model_path.stem
        return params


def _end(pass_on: Callable[[None], None]) -> None:
    with suppress(RuntimeError):  # nobody waits any more, and the loop is closed
        pass_on(None)


def _outcome(call: Call) -> None:
    """Raises what ended the call. A call that never began was cancelled by the engine's end."""
    try:
        call.future.result()
    except CancelledError:
        raise ModelError(
            "The embedded engine was closed before the call.", remedy="Ask again to load it."
        ) from None
