"""ChatOllama with the manners that churon needs of every chat model.

The context length is always sent (the server's default cuts prompts silently), a cut prompt is an
error, log-probs come in OpenAI's shape as plain data, and each event loop has its own client.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from langchain_core.language_models import LangSmithParams
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_ollama import ChatOllama
from pydantic import PrivateAttr

from churon.tools.models.base import Want, nothing
from churon.tools.models.ollama_client import (
    StrictAsyncClient,
    StrictClient,
    client_options,
    ollama_errors,
    server_url,
    truncated,
)
from churon.tools.models.per_loop import PerLoop

MOST_TOP_LOGPROBS = 20
"""The server refuses more."""


class OllamaChat(ChatOllama):
    """A model served by Ollama. Raises ModelUnreachable, ModelMissing, ContextTruncated."""

    _loops: PerLoop[StrictAsyncClient] = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Clients of this server; connections open at the first call."""
        super().model_post_init(context)
        self._loops = PerLoop(lambda: StrictAsyncClient(**self._reach()))

    def _reach(self) -> dict[str, Any]:
        return {"host": server_url(self.base_url), **(self.client_kwargs or {})}

    def _create_chat_stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, **kwargs: Any
    ) -> Iterator[Mapping[str, Any] | str]:
        asked = {**self._chat_params(messages, stop, **kwargs), "stream": True}
        with StrictClient(**self._reach()) as client:
            yield from client.chat(**asked)

    async def _acreate_chat_stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, **kwargs: Any
    ) -> AsyncIterator[Mapping[str, Any] | str]:
        asked = {**self._chat_params(messages, stop, **kwargs), "stream": True}
        async for part in await self._loops.get().chat(**asked):
            yield part

    def _iterate_over_stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        last = None
        with ollama_errors(self.model, self.base_url):
            for last in super()._iterate_over_stream(messages, stop, **kwargs):
                yield _readable(last)
        self._check_end(last)

    async def _aiterate_over_stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        last = None
        with ollama_errors(self.model, self.base_url):
            async for last in super()._aiterate_over_stream(messages, stop, **kwargs):
                yield _readable(last)
        self._check_end(last)

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        named = super()._get_ls_params(stop=stop, **kwargs)
        named["ls_model_name"] = kwargs.get("model", self.model)
        return named

    def _check_end(self, last: ChatGenerationChunk | None) -> None:
        # Only once the stream is read to its end: leaving early would keep its connection open
        if last is None:
            raise nothing(self.model)
        info, limit = last.generation_info or {}, self.num_ctx
        prompt, answer = info.get("prompt_eval_count") or 0, info.get("eval_count") or 0
        if limit is not None and prompt >= limit:
            raise truncated(self.model, f"{prompt} tokens arrived, the limit is {limit}")
        if limit is not None and prompt + answer > limit:  # shifted out while it wrote
            raise truncated(self.model, f"{prompt} and {answer} tokens exceed {limit}")


def _readable(chunk: ChatGenerationChunk) -> ChatGenerationChunk:
    """The chunk with log-probs in OpenAI's shape, as plain data."""
    info = chunk.generation_info
    if info and (given := info.pop("logprobs", None)):
        info["logprobs"] = {"content": [_plain(entry) for entry in given]}
    return chunk


def _plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    top = [{"token": t["token"], "logprob": t["logprob"]} for t in entry.get("top_logprobs") or ()]
    return {"token": entry["token"], "logprob": entry["logprob"], "top_logprobs": top}


class OllamaDialect:
    """Call keywords of ChatOllama: sampling goes into `options`, which must repeat num_ctx.

    Of a model that thinks: see OpenAIDialect.
    """

    def __init__(self, context_length: int, thinks: bool = False) -> None:
        self.context_length, self.thinks = context_length, thinks

    def kwargs(self, want: Want) -> dict[str, Any]:
        """Keyword arguments for `ainvoke` and `astream`."""
        options: dict[str, Any] = {
            "num_ctx": self.context_length,
            "num_predict": want.max_tokens,
        }
        if not self.thinks:
            options["temperature"] = want.temperature
        if want.seed is not None:
            options["seed"] = want.seed
        if want.stop and not self.thinks:
            options["stop"] = list(want.stop)
        given: dict[str, Any] = {"options": options}
        if want.top_logprobs is not None and not self.thinks:
            given["logprobs"] = True
            given["top_logprobs"] = min(want.top_logprobs, MOST_TOP_LOGPROBS)
        if want.schema is not None:
            given["format"] = dict(want.schema)
        return given

    def check(self, message: AIMessage) -> None:
        """Nothing: OllamaChat raises for a cut prompt while it reads the answer."""


def ollama_chat(
    model: str,
    *,
    base_url: str | None,
    context_length: int,
    keep_alive: str,
    timeout: float,
    api_key: str | None = None,
    thinks: bool = False,
) -> OllamaChat:
    """A chat model of an Ollama server; `timeout` in seconds. Nothing is sent yet."""
    with ollama_errors(model, base_url):  # clients are made, for $OLLAMA_HOST whatever it holds
        return OllamaChat(
            model=model,
            base_url=base_url,
            num_ctx=context_length,
            keep_alive=keep_alive,
            # where there is no room for thoughts, a label must be the first token that is written
            reasoning=thinks,
            client_kwargs=client_options(timeout, api_key),
        )
