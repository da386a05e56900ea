"""A checkpointer that is only sync, for graphs that are only async: each call in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver

SAVER = "__pregel_checkpointer"
"""In a config's "configurable": the saver that a host graph hands down to its nodes and tools."""


def threaded(saver: Any) -> Any:
    """`saver` itself where it is async already (or none), else behind threads."""
    if not isinstance(saver, BaseCheckpointSaver):
        return saver
    lacks = type(saver).aget_tuple is BaseCheckpointSaver.aget_tuple
    # SqliteSaver has the methods, to raise from them
    return ThreadedSaver(saver) if lacks or type(saver).__name__ == "SqliteSaver" else saver


class ThreadedSaver(BaseCheckpointSaver[Any]):
    """Sync methods go straight to the saver, async ones through a thread."""

    def __init__(self, saver: BaseCheckpointSaver[Any]) -> None:
        super().__init__(serde=saver.serde)
        self.saver = saver

    @property
    def config_specs(self) -> list[Any]:
        return self.saver.config_specs

    def get_next_version(self, current: Any, channel: Any) -> Any:
        return self.saver.get_next_version(current, channel)

    def get_tuple(self, config: Any) -> Any:
        return self.saver.get_tuple(config)

    def list(self, config: Any, **kwargs: Any) -> Any:
        return self.saver.list(config, **kwargs)

    def put(self, *args: Any) -> Any:
        return self.saver.put(*args)

    def put_writes(self, *args: Any, **kwargs: Any) -> None:
        self.saver.put_writes(*args, **kwargs)

    def delete_thread(self, thread_id: str) -> None:
        self.saver.delete_thread(thread_id)

    async def aget_tuple(self, config: Any) -> Any:
        return await asyncio.to_thread(self.saver.get_tuple, config)

    async def alist(self, config: Any, **kwargs: Any) -> AsyncIterator[Any]:
        for found in await asyncio.to_thread(lambda: [*self.saver.list(config, **kwargs)]):
            yield found

    async def aput(self, *args: Any) -> Any:
        return await asyncio.to_thread(self.saver.put, *args)

    async def aput_writes(self, *args: Any, **kwargs: Any) -> None:
        await asyncio.to_thread(self.saver.put_writes, *args, **kwargs)

    async def adelete_thread(self, thread_id: str) -> None:
        await asyncio.to_thread(self.saver.delete_thread, thread_id)
