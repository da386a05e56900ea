"""How the agent's model is asked: within the run's budget, with tools or with a JSON schema."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, ToolMessage

from churon.evals.baselines.notebook import Notebook
from churon.evals.prompts import PROMPTS
from churon.nodes.structured import ask_json
from churon.tools.errors import ContextTruncated, ModelError, ModelMissing, ModelUnreachable
from churon.tools.korean import tokens_at_most
from churon.tools.models.base import ChatPort, Want
from churon.tools.types import Language

MOST_TURNS = 10
"""Of the model; after them it can only answer."""
_CUT = "…"
_LAST: tuple[type[ModelError], ...] = (ModelUnreachable, ModelMissing, ContextTruncated)
"""Failures that asking in another way does not mend."""
Handler = Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]


def calls_tools(port: ChatPort) -> bool:
    """Whether the model's class can be offered tools at all."""
    return type(port.model).bind_tools is not BaseChatModel.bind_tools


@dataclass(frozen=True)
class Asked:
    """The question as the agent gets it."""

    question: str
    language: Language
    system: BaseMessage


class Turns(AgentMiddleware[Any, Any, Any]):
    """Makes each call of the agent's model; a server that refuses tools is asked for JSON."""

    def __init__(self, notes: Notebook, port: ChatPort, asked: Asked) -> None:
        super().__init__()
        self._notes, self._run, self._port, self._asked = notes, notes.run, port, asked
        self._native = calls_tools(port)
        self._made = 0

    async def awrap_model_call(self, request: ModelRequest[Any], handler: Handler) -> Any:
        """One turn."""
        self._made += 1
        last = self._made >= MOST_TURNS
        messages = fitted(request.messages, await self._run.room())
        if self._native:
            try:
                tools = [] if last else request.tools
                asked = request.override(messages=messages, tools=tools)
                said = await self._call(asked, handler)
                return AIMessage(said.result[-1].text) if last else said
            except _LAST:
                raise
            except ModelError:
                if self._made > 1:
                    raise
                self._native = False
        self._run.degrade("agent:json")
        return await self._json(messages, last=last)

    async def _call(self, request: ModelRequest[Any], handler: Handler) -> ModelResponse[Any]:
        context = self._run.context

        async def call(left: int) -> ModelResponse[Any]:
            most = max(1, min(context.answer_tokens, left))
            want = Want(most, context.temperature, context.seed)
            return await handler(request.override(model_settings=self._port.dialect.kwargs(want)))

        return await self._run.pay(call, _tokens)

    async def _json(self, messages: Sequence[AnyMessage], *, last: bool) -> AIMessage:
        """ReAct (arXiv 2210.03629) under a schema: one action a turn.

        What was done twice is not offered a third time: small models go round in circles.
        """
        actions = [one for one in ("search", "cite", "answer") if one not in self._notes.closed]
        prompt = PROMPTS.messages(
            "agent_last" if last else "agent_json",
            self._asked.language,
            question=self._asked.question,
            history=history(messages) or "-",
        )
        wanted = schema(["answer"] if last else actions)
        whole = [self._asked.system, prompt[-1]]
        said = await ask_json(self._run, whole, wanted, self._run.context.answer_tokens)
        turn = as_message(said, f"turn{self._made}")
        if not turn.tool_calls and turn.text:  # the answer cites for itself
            await self._notes.cite(turn.text, sources_of(said))
        return turn


def schema(actions: Sequence[str]) -> dict[str, Any]:
    """What one turn may be."""
    properties = {
        "action": {"type": "string", "enum": list(actions)},
        "text": {"type": "string"},
        "sources": {"type": "array", "items": {"type": "integer"}, "maxItems": 5},
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


def as_message(said: Any, id_: str) -> AIMessage:
    """A turn's JSON as the message of a model that calls tools; "" for what cannot be read."""
    turn = said if isinstance(said, dict) else {}
    text = turn.get("text")
    text = text.strip() if isinstance(text, str) else ""
    arguments: dict[str, dict[str, Any]] = {
        "search": {"query": text},
        "cite": {"statement": text, "sources": sources_of(said)},
    }
    action = str(turn.get("action"))
    if action not in arguments:
        return AIMessage(text)
    call = {"name": action, "args": arguments[action], "id": id_, "type": "tool_call"}
    return AIMessage("", tool_calls=[call])


def sources_of(said: Any) -> list[int]:
    """The numbers of passages in a turn's JSON."""
    given = said.get("sources") if isinstance(said, dict) else None
    return [n for n in given if type(n) is int] if isinstance(given, list) else []


def history(messages: Sequence[AnyMessage]) -> str:
    """The turns after the question, as text."""
    lines = []
    for message in messages[1:]:
        if isinstance(message, AIMessage):
            lines += [_told(call["name"], call["args"]) for call in message.tool_calls]
        else:
            lines.append(message.text)
    return "\n".join(lines)


def _told(name: str, arguments: dict[str, Any]) -> str:
    return f"> {name} {json.dumps(arguments, ensure_ascii=False)}"


def fitted(messages: Sequence[AnyMessage], room: int) -> list[AnyMessage]:
    """The messages, of tool results only the latest that fit `room` tokens together."""
    kept: list[AnyMessage] = []
    for message in reversed(messages):
        if isinstance(message, ToolMessage):
            room -= tokens_at_most(message.text) + 8
            if room < 0:
                message = message.model_copy(update={"content": _CUT})
        kept.append(message)
    return kept[::-1]


def _tokens(response: ModelResponse[Any]) -> int:
    usages = (getattr(one, "usage_metadata", None) for one in response.result)
    return sum(usage["total_tokens"] for usage in usages if usage)
