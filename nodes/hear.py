"""The last human message of a conversation as a question, what was said before as its history."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from langchain_core.messages import AnyMessage
from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from churon.nodes.cite import without_keys
from churon.tools.context import RagContext
from churon.tools.errors import InputError
from churon.tools.toolkit import Toolkit
from churon.tools.types import Machine, Turn


class Conversation(TypedDict):
    messages: list[AnyMessage]


class Heard(TypedDict):
    question: str
    history: list[Turn]
    machine: Machine
    """The graph that answers."""
    reply: str
    """Id of the call whose message answers; settled here, so that a resumed run keeps it."""


@dataclass(frozen=True)
class Hear:
    """Takes the question and the graph that answers it. Raises InputError, SettingsError."""

    toolkit: Toolkit

    async def __call__(self, state: Conversation, runtime: Runtime[RagContext]) -> Heard:
        said = [message for message in state["messages"] if message.type in ("human", "ai")]
        last = max((i for i, one in enumerate(said) if one.type == "human"), default=None)
        if last is None:
            raise InputError(
                "The conversation holds no human message.",
                remedy='Give {"messages": [{"role": "user", "content": "..."}]}.',
            )
        question = text_of(said[last])
        if not question:
            raise InputError(
                f"The last human message {said[last].content!r} holds no text.",
                remedy="Ask in words; pictures and files are not read.",
            )
        return {
            "question": question,
            "history": turns_of(said[:last]),
            "machine": self.toolkit.context(runtime.context).chat_graph,
            "reply": uuid.uuid4().hex,
        }


def text_of(message: AnyMessage) -> str:
    """The message's text; of content blocks, those that hold text, a line each."""
    content = message.content
    blocks = [content] if isinstance(content, str) else content
    texts = [one if isinstance(one, str) else one.get("text") for one in blocks]
    return "\n".join(text.strip() for text in texts if isinstance(text, str)).strip()


def turns_of(messages: Sequence[AnyMessage]) -> list[Turn]:
    """Messages that hold text, as turns; source numbers mean nothing outside their message."""
    turns: list[Turn] = []
    for message in messages:
        if text := text_of(message):
            human = message.type == "human"
            role: Literal["user", "assistant"] = "user" if human else "assistant"
            turns.append(Turn(role=role, content=text if human else without_keys(text)))
    return turns
