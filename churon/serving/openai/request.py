"""A chat completion as it is asked for; what cannot be honoured is refused, not ignored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from churon.serving.problem import Problem
from churon.tools.types import Turn

MOST_MESSAGES = 2_000
FEWEST_TOKENS = 16
"""No sentence fits into fewer; `context.answer_tokens` takes none below either."""


class Part(BaseModel):
    """A piece of a message; only text can be read."""

    type: str
    text: str = ""


class Message(BaseModel):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    def read(self) -> str:
        """The message's text. Raises Problem for pictures, sound and files."""
        if not isinstance(self.content, list):
            return self.content or ""
        for part in self.content:
            if part.type != "text":
                raise _unsupported("messages", f"Only text can be read, not {part.type!r}.")
        return "".join(part.text for part in self.content)


class StreamOptions(BaseModel):
    """Of a stream: whether its last chunk tells what the run spent."""

    include_usage: bool = False


class Extension(BaseModel):
    """What this server takes beside OpenAI's fields: `extra_body={"churon": {...}}`."""

    model_config = ConfigDict(extra="forbid")

    context: dict[str, Any] = Field(default_factory=dict)
    """Knobs of `RagContext`."""
    language: Literal["auto", "en", "ko"] = "auto"
    filter: dict[str, Any] | None = None
    """Metadata that passages must have, such as `document` or `detected_language`."""


class ChatRequest(BaseModel):
    """OpenAI's fields that mean something here; others are accepted and have no effect."""

    model: str
    """A graph: self_rag, cot_rag, mcts_rag, auto, two_stage or chat."""
    messages: Annotated[list[Message], Field(min_length=1, max_length=MOST_MESSAGES)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    seed: int | None = None
    user: str | None = None
    """Whose question this is; traces show it."""
    metadata: dict[str, Any] | None = None
    """`session_id`: which conversation this is; traces show it."""
    n: int | None = 1
    tools: list[Any] | None = None
    tool_choice: Any = None
    functions: list[Any] | None = None
    function_call: Any = None
    response_format: dict[str, Any] | None = None
    modalities: list[str] | None = None
    stop: str | list[str] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    churon: Extension = Field(default_factory=Extension)

    def knobs(self) -> dict[str, Any]:
        """The context that these fields ask for; `churon.context` wins."""
        knobs: dict[str, Any] = {}
        if self.temperature is not None:
            knobs["temperature"] = self.temperature
        if self.seed is not None:
            knobs["seed"] = self.seed % 2**31
        if tokens := self.max_completion_tokens or self.max_tokens:
            knobs["answer_tokens"] = min(max(tokens, FEWEST_TOKENS), 4_096)
        return {**knobs, **self.churon.context}

    def refuse_unsupported(self) -> None:
        """Raise Problem for what would change the answer's shape."""
        if self.n not in (None, 1):
            raise _unsupported("n", "One answer is given, so n must be 1.")
        for name in ("tools", "functions"):
            if getattr(self, name):
                raise _unsupported(name, _NO_TOOLS)
        for name in ("tool_choice", "function_call"):
            if getattr(self, name) not in (None, "none", "auto"):
                raise _unsupported(name, _NO_TOOLS)
        if self.stop:
            raise _unsupported("stop", "An answer is checked as a whole and stops at no word.")
        for name in ("logprobs", "top_logprobs"):
            if getattr(self, name):
                raise _unsupported(name, "A checked answer has no probabilities of its tokens.")
        if set(self.modalities or ()) - {"text"}:
            raise _unsupported("modalities", "Answers are text.")
        if self.response_format and self.response_format.get("type") != "text":
            raise _unsupported("response_format", "Answers are text.")


_NO_TOOLS = "These models answer questions and call no tools."


def conversation(messages: Sequence[Message]) -> tuple[str, list[Turn]]:
    """The question, which is the last message, and what was said before it.

    System messages have no effect: the graphs' prompts are their own. Raises Problem.
    """
    *earlier, last = messages
    if last.role != "user":
        raise _unsupported("messages", "The last message must be the user's question.")
    history = [
        Turn(role=message.role, content=text)
        for message in earlier
        if message.role in ("user", "assistant") and (text := message.read())
    ]
    return last.read(), history


def _unsupported(name: str, message: str) -> Problem:
    return Problem(400, "unsupported_value", message, param=name)
