"""Searches and rerankings as LangChain's retrievers, so that any tracer shows them as such."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from langchain_core.callbacks.manager import AsyncCallbackManager
from langchain_core.documents import Document
from langchain_core.runnables.config import ensure_config, get_async_callback_manager_for_config


async def as_retriever(
    name: str, query: str, work: Callable[[], Awaitable[list[Document]]]
) -> list[Document]:
    """What `work` finds; the callbacks of the node that we run in hear of it."""
    manager: AsyncCallbackManager = get_async_callback_manager_for_config(ensure_config())
    told = await manager.on_retriever_start(None, query, name=name)
    try:
        found = await work()
    except BaseException as error:  # cancellation too ends the span
        await told.on_retriever_error(error)
        raise
    await told.on_retriever_end(found)
    return found
