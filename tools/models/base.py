"""What nodes may ask of a chat model, whoever serves it.

A `ChatPort` is a LangChain chat model plus the `Dialect` that spells one `Want` in that provider's
keyword arguments. Every provider answers in one shape: text in `content`, token log-probabilities
in `response_metadata["logprobs"]["content"]` (OpenAI's shape), counts in `usage_metadata`.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.constants import TAG_NOSTREAM

from churon.tools.errors import ModelError

OnToken = Callable[[str], Awaitable[None] | None]
BUSY = (429, 502, 503, 504)
"""HTTP statuses of what passes by itself."""
_SILENT = RunnableConfig(tags=[TAG_NOSTREAM])
"""What planners, graders and critics write is no chat message: kept out of "messages" streams."""


@dataclass(frozen=True)
class Want:
    """One wish, provider-neutral."""

    max_tokens: int = 256
    temperature: float = 0.0
    seed: int | None = None
    top_logprobs: int | None = None
    """None: no log-probs; 0: of the chosen tokens only; n: also of the n best at each position."""
    schema: Mapping[str, Any] | None = None
    """JSON schema that the answer must match."""
    stop: Sequence[str] = ()


@dataclass(frozen=True)
class TokenLogprob:
    """One generated token; `top` holds (token, log-probability) of the best candidates."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Completion:
    """One answer of a chat model."""

    text: str
    logprobs: tuple[TokenLogprob, ...] = ()
    """Empty where the provider gave none."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cut: bool = False
    """The answer ran into `max_tokens`."""

    @property
    def mean_logprob(self) -> float | None:
        """Mean log-probability of the generated tokens, None without log-probs."""
        if not self.logprobs:
            return None
        return sum(token.logprob for token in self.logprobs) / len(self.logprobs)


class Dialect(Protocol):
    """How one provider spells a `Want`."""

    def kwargs(self, want: Want) -> dict[str, Any]:
        """Keyword arguments for `ainvoke`/`astream` of that provider's chat model."""
        ...

    def check(self, message: AIMessage) -> None:
        """Raise what the provider only hints at, such as ContextTruncated."""
        ...


@dataclass(frozen=True)
class ChatPort:
    """A chat model that nodes can use without knowing its provider."""

    model: BaseChatModel
    dialect: Dialect
    name: str
    """Name in settings, traces and calibrations."""
    context_length: int
    supports: frozenset[str] = field(default=frozenset({"logprobs", "schema"}))
    thinking_tokens: int = 0
    """For what the model thinks before each answer, beside the answer's own."""

    async def complete(
        self, messages: Sequence[BaseMessage], want: Want, on_token: OnToken | None = None
    ) -> Completion:
        """Ask once; with `on_token` stream the text as it is written.

        Raises ModelUnreachable, ModelMissing, ContextTruncated; ModelError where nothing was
        generated, or all of `max_tokens` went into what is no answer, as a model's thoughts. A
        model may end its answer at once, with one token or at a word of `stop`: it declines.
        """
        spent = replace(want, max_tokens=want.max_tokens + self.thinking_tokens)
        kwargs = self.dialect.kwargs(spent)
        if on_token is None:
            message = await self.asked(want).ainvoke(list(messages), _SILENT, **kwargs)
        else:
            message = await _stream(self.asked(want), messages, kwargs, on_token)
        self.dialect.check(message)
        answer = read_completion(message)
        if want.max_tokens == 1 or answer.text.strip():
            return answer
        if answer.cut:
            raise ModelError(
                f"The model {self.name!r} wrote no answer within {spent.max_tokens} tokens.",
                remedy="If it thinks before it answers, switch that off at its server, or raise "
                "chat.thinking_tokens to what its thoughts take.",
            )
        if not (want.stop or answer.completion_tokens):
            raise nothing(self.name)
        return answer

    def asked(self, want: Want) -> BaseChatModel:
        """The model that a call with this wish goes to."""
        return self.model


async def _stream(
    model: BaseChatModel,
    messages: Sequence[BaseMessage],
    kwargs: dict[str, Any],
    on_token: OnToken,
) -> AIMessage:
    whole: AIMessageChunk | None = None
    async for chunk in model.astream(list(messages), _SILENT, **kwargs):
        whole = chunk if whole is None else whole + chunk
        if chunk.text and (waiting := on_token(chunk.text)) is not None:
            await waiting
    return whole if whole is not None else AIMessage(content="")


def nothing(model: str) -> ModelError:
    """The error for an answer without a word: it must not pass for "the documents do not say"."""
    return ModelError(
        f"The model {model!r} answered nothing.",
        remedy="See what its server logs, or choose another model in chat.model.",
    )


def read_completion(message: AIMessage) -> Completion:
    """The provider-neutral reading of one message."""
    usage = message.usage_metadata
    meta = message.response_metadata
    reason = meta.get("finish_reason") or meta.get("done_reason")
    return Completion(
        text=message.text,
        logprobs=tuple(_tokens(meta.get("logprobs"))),
        prompt_tokens=usage["input_tokens"] if usage else 0,
        completion_tokens=usage["output_tokens"] if usage else 0,
        cut=reason == "length",
    )


def _tokens(raw: Any) -> list[TokenLogprob]:
    content = raw.get("content") if isinstance(raw, Mapping) else raw
    tokens = []
    for entry in content or ():
        top = tuple((str(t["token"]), float(t["logprob"])) for t in entry.get("top_logprobs") or ())
        logprob = float(entry["logprob"])
        tokens.append(TokenLogprob(str(entry["token"]), max(logprob, -1e4), top))
    return [t for t in tokens if not math.isnan(t.logprob)]
