"""What the web page's tests show: documents with places, and a model that waits to be let on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from typing import Any

from fastapi import FastAPI
from langchain_core.documents import Document
from support.scripted import Reply, ScriptedChat
from support.serving import CountedStore, WatchedChat, over
from support.world import Answer, step_of, world

from churon.tools.models.base import ChatPort
from churon.tools.models.openai_dialect import OpenAIDialect


class PlacedStore(CountedStore):
    """Passages of (document, page, start, text)."""

    def __init__(self, passages: Sequence[tuple[str, int | None, int, str]]) -> None:
        super().__init__([text for *_, text in passages])
        for held, (document, page, start, text) in zip(self.documents, passages, strict=True):
            place = {"document": document, "title": document, "page": page, "start": start}
            held.metadata |= {**place, "end": start + len(text)}

    async def search(self, query: str, *, k: int, **rest: Any) -> list[Document]:
        found = await super().search(query, k=k, **rest)
        for one in found:
            one.metadata["retrieval_score"] /= 10
        return found


class _Paced(ScriptedChat):
    passes: Any = None
    """A semaphore; each call takes one, and another one after `pause_after` chunks."""
    pause_after: int | None = None

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        await self._pass()
        number = 0
        async for chunk in super()._astream(*args, **kwargs):
            if number == self.pause_after:
                await self._pass()
            number += 1
            yield chunk

    async def _pass(self) -> None:
        # another thread lets it on, which an asyncio.Event could not hear
        while not self.passes.acquire(blocking=False):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class PacedChat(WatchedChat, _Paced):
    """Goes on as far as it is let."""


def paced_port(answer: Answer, *, free: bool = True, pause_after: int | None = None) -> ChatPort:
    """A port onto such a model; `free` lets it on without end."""

    def script(messages: list[Any], kwargs: dict[str, Any]) -> Reply | str:
        prompt = str(messages[-1].content)
        return answer(step_of(prompt), prompt)

    chat = PacedChat(
        script=script, calls=[], began=threading.Event(), cancelled=threading.Event(),
        passes=threading.Semaphore(1_000_000 if free else 0), pause_after=pause_after,
    )  # fmt: skip
    return ChatPort(chat, OpenAIDialect(), "scripted", 8_192)


def page_app(
    answer: Answer, passages: Sequence[tuple[str, int | None, int, str]], *, port: Any = None,
    serve: Any = None, error: Exception | None = None, **context: Any,
) -> FastAPI:  # fmt: skip
    """An app over these passages; with `error` every search fails."""
    store = PlacedStore(passages)
    store.error = error
    return over(world(answer, store=store, port=port or paced_port(answer), **context), serve)


def let(port: ChatPort, calls: int = 1_000_000) -> None:
    """Let the model answer so many calls more."""
    chat: Any = port.model
    chat.passes.release(calls)


def hold(port: ChatPort) -> None:
    """No further call is answered until `let`."""
    chat: Any = port.model
    chat.passes = threading.Semaphore(0)
    chat.began.clear()
    chat.cancelled.clear()
