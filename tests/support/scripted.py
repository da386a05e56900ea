"""A chat model that answers by a script: OpenAI's shapes, no weights, no time."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from churon.tools.errors import ContextTruncated
from churon.tools.models.base import ChatPort
from churon.tools.models.openai_dialect import OpenAIDialect

Top = Sequence[tuple[str, float]]
"""Candidates (token, log-probability) at one position."""


@dataclass(frozen=True)
class Reply:
    """What the script answers; `logprobs[i]` are the candidates of the i-th token."""

    text: str = ""
    logprobs: Sequence[Top] | None = None
    error: BaseException | None = None
    delay: float = 0.0
    until: asyncio.Event | None = None
    """What an asynchronous call waits for before it answers."""


Script = Callable[[list[BaseMessage], dict[str, Any]], "Reply | str"]


class ScriptedChat(BaseChatModel):
    """Calls `script(messages, kwargs)` once an answer; a word is a token."""

    script: Script
    context_length: int = 8_192
    calls: list[dict[str, Any]] = []  # noqa: RUF012 (pydantic copies it per instance)
    """The keyword arguments of every call, with its messages under "messages"."""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> ChatResult:
        return _result(self._stream(messages, stop, run_manager, **kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> ChatResult:
        return _result([c async for c in self._astream(messages, stop, run_manager, **kwargs)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        reply = self._reply(messages, {**kwargs, "stop": stop})
        time.sleep(reply.delay)
        for chunk in self._chunks(messages, reply, {**kwargs, "stop": stop}):
            if run_manager is not None:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        reply = self._reply(messages, {**kwargs, "stop": stop})
        await asyncio.sleep(reply.delay)
        if reply.until is not None:
            await reply.until.wait()
        for chunk in self._chunks(messages, reply, {**kwargs, "stop": stop}):
            if run_manager is not None:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    def _reply(self, messages: list[BaseMessage], kwargs: dict[str, Any]) -> Reply:
        self.calls.append({**kwargs, "messages": messages})
        if (count := prompt_tokens(messages)) >= self.context_length:
            raise ContextTruncated(
                f"The prompt has {count} tokens, the context {self.context_length}.",
                remedy="Raise chat.context_length or pass fewer passages.",
            )
        given = self.script(messages, kwargs)
        reply = Reply(given) if isinstance(given, str) else given
        if reply.error is not None:
            raise reply.error
        return reply

    def _chunks(
        self, messages: list[BaseMessage], reply: Reply, kwargs: Mapping[str, Any]
    ) -> Iterator[ChatGenerationChunk]:
        tokens, reason = _cut(reply.text, kwargs)
        for place, token in enumerate(tokens):
            yield _chunk(token, _metadata(reply, place, token, kwargs))
        usage = {"input_tokens": prompt_tokens(messages), "output_tokens": len(tokens)}
        usage["total_tokens"] = sum(usage.values())
        last = _chunk("", {"finish_reason": reason, "model_name": "scripted"})
        last.message.usage_metadata = usage  # type: ignore[attr-defined]
        last.message.chunk_position = "last"  # type: ignore[attr-defined]
        yield last


def scripted_port(
    script: Script,
    name: str = "scripted",
    supports: frozenset[str] = frozenset({"logprobs", "schema"}),
    context_length: int = 8_192,
) -> ChatPort:
    """A port onto a scripted model; `port.model.calls` holds what was asked."""
    model = ScriptedChat(script=script, context_length=context_length, calls=[])
    return ChatPort(model, OpenAIDialect(), name, context_length, supports)


def labelled(probabilities: Mapping[str, float]) -> Reply:
    """A one-letter reply whose log-probs are these probabilities; the likeliest is the text."""
    top = [(label, math.log(max(p, 1e-9))) for label, p in probabilities.items()]
    return Reply(max(top, key=lambda pair: pair[1])[0], logprobs=[top])


def prompt_tokens(messages: Sequence[BaseMessage]) -> int:
    """Words of the prompt, at least one."""
    return max(1, sum(len(message.text.split()) for message in messages))


def first_instance(schema: Mapping[str, Any]) -> Any:
    """The plainest value that matches a JSON schema; for scripts that are asked for one."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: first_instance(fields[name]) for name in schema.get("required", fields)}
    if kind == "array":
        return [first_instance(schema["items"])] * schema.get("minItems", 0)
    plain: dict[str, Any] = {"string": "", "integer": 0, "number": 0.0, "boolean": False}
    return plain.get(kind)


def wanted_schema(kwargs: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The JSON schema in a call's OpenAI-shaped keyword arguments."""
    return ((kwargs.get("response_format") or {}).get("json_schema") or {}).get("schema")


def _cut(text: str, kwargs: Mapping[str, Any]) -> tuple[list[str], str]:
    for stop in kwargs.get("stop") or ():
        text = text.split(stop)[0]
    tokens = re.findall(r"\s*\S+|\s+$", text)
    most = kwargs.get("max_tokens") or len(tokens)
    return tokens[:most], "length" if len(tokens) > most else "stop"


def _metadata(reply: Reply, place: int, token: str, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    if not kwargs.get("logprobs"):
        return {}
    given = reply.logprobs or ()
    top = given[place] if place < len(given) else ((token, -0.1), ("?", -4.0))
    listed = [{"token": t, "logprob": p} for t, p in top][: kwargs.get("top_logprobs", 0)]
    chosen = dict(top).get(token, -0.1)
    entry = {"token": token, "logprob": chosen, "top_logprobs": listed}
    return {"logprobs": {"content": [entry]}}


def _chunk(text: str, metadata: dict[str, Any]) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content=text, response_metadata=metadata))


def _result(chunks: Any) -> ChatResult:
    whole: AIMessageChunk | None = None
    for chunk in chunks:
        whole = chunk.message if whole is None else whole + chunk.message
    assert whole is not None
    message = AIMessage(
        content=whole.content,
        response_metadata=whole.response_metadata,
        usage_metadata=whole.usage_metadata,
    )
    return ChatResult(generations=[ChatGeneration(message=message)])
