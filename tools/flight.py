"""Single flight: within one run, one key is worked on once, also when branches ask at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class SingleFlight:
    """A cache of results by key, for one event loop and one run."""

    def __init__(self) -> None:
        self._results: dict[Hashable, asyncio.Future[Any]] = {}

    async def get(
        self, key: Hashable, work: Callable[[], Awaitable[T]], on_hit: Callable[[], None]
    ) -> T:
        """The result of `work` for `key`; callers that come meanwhile wait for the same one.

        A failure reaches its own caller only: the next one works anew.
        """
        while (running := self._results.get(key)) is not None:
            try:
                # shielded: one waiter's cancellation must not cancel the work of the others
                result: T = await asyncio.shield(running)
            except asyncio.CancelledError:
                # our own cancellation, or the work's, after which we work ourselves
                task = asyncio.current_task()
                if not running.cancelled() or (task is not None and task.cancelling()):
                    raise
            else:
                on_hit()
                return result
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._results[key] = future
        try:
            made = await work()
        except BaseException:  # also cancellation: waiters must wake up and work themselves
            del self._results[key]
            future.cancel()
            raise
        future.set_result(made)
        return made
