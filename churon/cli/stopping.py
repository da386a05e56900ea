"""Ctrl-C in a command that works for long: said at once, done when what is under way allows."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")


def stoppable(work: Coroutine[Any, Any, T]) -> T:
    """Run it; Ctrl-C cancels it, and a second one no longer waits. Raises KeyboardInterrupt."""

    async def told() -> T:
        with _told():
            return await work

    return asyncio.run(told())


@contextmanager
def _told() -> Iterator[None]:
    usual = signal.getsignal(signal.SIGINT)

    def stop(number: int, frame: FrameType | None) -> None:
        with suppress(RuntimeError, OSError, ValueError):  # in the middle of another write
            sys.stderr.write("\nstopping…\n")
            sys.stderr.flush()
        if callable(usual):
            usual(number, frame)

    try:
        if callable(usual):  # whoever has Ctrl-C ignored keeps it so
            signal.signal(signal.SIGINT, stop)
        yield
    finally:
        if callable(usual):
            signal.signal(signal.SIGINT, usual)
