"""`Places`: how many runs may be under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Places:
    """A bounded number; a request takes one or is refused, a batch waits for more."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0
        """Runs under way."""
        self._free = asyncio.Semaphore(most)

    async def take(self) -> bool:
        """Take a place without waiting; False where all are taken."""
        if self._free.locked():
            return False
        await self._take()
        return True

    def give(self) -> None:
        """Give a place back."""
        self.taken -= 1
        self._free.release()

    @asynccontextmanager
    async def waited(self) -> AsyncIterator[None]:
        """A place as soon as one is free."""
        await self._take()
        try:
            yield
        finally:
            self.give()

    async def _take(self) -> None:
        await self._free.acquire()
        self.taken += 1
