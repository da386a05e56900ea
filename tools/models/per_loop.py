"""Async clients belong to the event loop that first used them: one client a loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


class PerLoop(Generic[T]):
    """Makes one object per running loop and forgets those of closed loops."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._kept: WeakKeyDictionary[asyncio.AbstractEventLoop, T] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def get(self) -> T:
        """The running loop's object, made on first use. Raises RuntimeError outside a loop."""
        loop = asyncio.get_running_loop()
        with self._lock:
            for other in [known for known in self._kept if known.is_closed()]:
                del self._kept[other]
            if loop not in self._kept:
                self._kept[loop] = self._make()
            return self._kept[loop]

    def __len__(self) -> int:
        return len(self._kept)
