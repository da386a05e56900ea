"""A message said piece by piece: a graph's own tokens, streamed as a chat model's are.

Whoever listens to a LangGraph stream of messages hears chat models that are called in a node. So
one is called that says what it is given.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any
from uuid import UUID

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import RunnableConfig

Listener = Callable[[str, str], None]
"""Is told (node, text) for every piece of text that a node shows while it writes."""
_LISTENER: ContextVar[Listener | None] = ContextVar("churon_listener", default=None)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Graphs that run in here, at any depth, tell `listener` what they write."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def tell(node: str, text: str) -> None:
    """Tell the listener, if there is one. A stream of a graph ends at its subgraphs; this does
    not.
    """
    if (listener := _LISTENER.get()) is not None:
        listener(node, text)


class Voice(BaseChatModel):
    """Says the texts of `source`, whatever it is asked."""

    source: Any
    """AsyncIterator[str]."""

    @property
    def _llm_type(self) -> str:
        return "churon-voice"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise NotImplementedError("A voice is async: await its ainvoke.")

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        text = "".join([piece async for piece in self.source])
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=text))])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        async for piece in self.source:
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))


class Speech:
    """One message on its way: it begins with the first piece and is over after `end`."""

    def __init__(self, call: str) -> None:
        self._call = UUID(call)
        self.id = f"lc_run--{self._call}"
        """Id of the message: LangChain's own for what this call says, in all kinds of streams."""
        self._place = copy_context()  # the node that answers, not the one far below that writes
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self._speaking: asyncio.Task[Any] | None = None

    def say(self, piece: str) -> None:
        """Say it after what was said already."""
        if self._speaking is None:
            voice = Voice(source=self._said())
            config = RunnableConfig(run_id=self._call, run_name="reply")
            speaking = voice.ainvoke([], config)
            self._speaking = asyncio.create_task(speaking, context=self._place)
        self._pieces.put_nowait(piece)

    async def end(self) -> None:
        """Come back when all is said."""
        if self._speaking is not None:
            self._pieces.put_nowait(None)
            await self._speaking

    async def _said(self) -> AsyncIterator[str]:
        while (piece := await self._pieces.get()) is not None:
            yield piece
