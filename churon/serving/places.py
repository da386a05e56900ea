"""`Places`: how many runs may be under way."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Places:
    """A bounded number; a request takes one or is refused, a batch waits for more.

    What a batch has beyond its request's own place is lent: for one question, in turns with other
    batches, and only while `spare` places stay free. So a batch fills an idle house but for those,
    and gives way, question by question, to requests that come.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.spare = max(1, most // 4)
        self.taken = 0
        """Runs under way."""
        self._waiting: deque[asyncio.Future[None]] = deque()

    def take(self) -> bool:
        """Take a place without waiting; False where all are taken."""
        if self.taken >= self.most:
            return False
        self.taken += 1
        return True

    def give(self) -> None:
        """Give a place back."""
        self.taken -= 1
        self._lend()

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[None]:
        """A further place of a batch, for one question."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._lend()
        try:
            await turn
            yield
        finally:
            if not turn.cancelled():  # also where a turn that came was cancelled at once
                self.give()

    def _lend(self) -> None:
        while self._waiting and self.taken + self.spare < self.most:
            turn = self._waiting.popleft()
            if not turn.cancelled():
                self.taken += 1
                turn.set_result(None)
