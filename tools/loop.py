"""One background event loop for callers that are not async; graphs are async inside."""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")


@lru_cache(maxsize=1)
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="churon-sync", daemon=True).start()
    return loop


def run_sync(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, from code that is not async; context variables go along."""
    _refuse_from_within(work)
    future = asyncio.run_coroutine_threadsafe(work, _loop())
    try:
        return future.result()
    except BaseException:  # Ctrl-C too must stop the work, not only the waiting
        future.cancel()
        raise


def _refuse_from_within(work: Coroutine[Any, Any, Any]) -> None:
    try:
        running: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
    except RuntimeError:
        return
    if running is _loop():
        work.close()
        raise RuntimeError("A sync call from within an async node would wait for itself: await it.")


# The thread does not live on in a forked process: a new one is made there
os.register_at_fork(after_in_child=lambda: _loop.cache_clear())


def iterate_sync(items: AsyncIterator[T]) -> Iterator[T]:
    """The items of an async iterator as they come; leaving early closes it."""
    box: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

    async def pump() -> None:
        try:
            async for item in items:
                box.put((True, item))
            box.put((False, None))
        except BaseException as error:  # handed to the caller's thread, also cancellation
            box.put((False, error))
            raise

    future = asyncio.run_coroutine_threadsafe(pump(), _loop())
    try:
        while True:
            more, item = box.get()
            if more:
                yield item
            elif item is None:
                return
            else:
                raise item
    finally:
        future.cancel()
