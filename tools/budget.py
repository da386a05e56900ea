"""The budget of one run: checked before each call, so that no call begins beyond a limit."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from churon.tools.context import Limits
from churon.tools.errors import CALL_CAP, BudgetExhausted
from churon.tools.types import Usage


def no_usage() -> Usage:
    """What a run has spent before it began."""
    return Usage(calls=0, tokens=0, searches=0, seconds=0.0, cache_hits=0)


class Budget:
    """Counts what a run spends; calls already in flight are the only overshoot.

    `spent` is what an earlier process spent before a checkpoint, so that resuming goes on counting.
    """

    def __init__(
        self, limits: Limits, spent: Usage, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits = limits
        self._spent = spent.copy()
        self._clock = clock
        self._busy_since = 0.0
        self._in_flight = 0
        self._cap = math.inf

    def usage(self) -> Usage:
        """What was spent so far, seconds included."""
        return {**self._spent, "seconds": round(self._seconds(), 3)}

    def cap_calls(self, most: float) -> None:
        """A graph's own limit of calls beside the user's; never raises it."""
        self._cap = min(most, self._cap)

    def take_call(self) -> int:
        """Pay for one model call; the most tokens that it may still use. Raises BudgetExhausted."""
        self.check_seconds()
        self._check("calls", self._spent["calls"], self._limits.calls)
        self._check(CALL_CAP, self._spent["calls"], self._cap)
        self._check("tokens", self._spent["tokens"], self._limits.tokens)
        self._spent["calls"] += 1
        return self._limits.tokens - self._spent["tokens"]

    def take_search(self) -> None:
        """Pay for one search. Raises BudgetExhausted."""
        self.check_seconds()
        self._check("searches", self._spent["searches"], self._limits.searches)
        self._spent["searches"] += 1

    def add_tokens(self, tokens: int) -> None:
        """Record the tokens of a finished call."""
        self._spent["tokens"] += tokens

    def add_cache_hit(self) -> None:
        """Record an answer that was paid for before."""
        self._spent["cache_hits"] += 1

    def check_seconds(self) -> None:
        """Raise BudgetExhausted when the run's time is over."""
        self._check("seconds", self._seconds(), self._limits.seconds)

    @asynccontextmanager
    async def deadline(self) -> AsyncIterator[None]:
        """Cancel the body when the run's time ends. Raises BudgetExhausted then.

        Time counts while at least one body is under way: a run may pause for its user.
        """
        scope = asyncio.timeout(self._limits.seconds - self._seconds())
        try:
            with self._busy():
                async with scope:
                    yield
        except TimeoutError:
            if scope.expired():
                raise BudgetExhausted("seconds", self._limits.seconds) from None
            raise

    @contextmanager
    def _busy(self) -> Iterator[None]:
        if not self._in_flight:
            self._busy_since = self._clock()
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._spent["seconds"] += self._clock() - self._busy_since

    def _seconds(self) -> float:
        busy = self._clock() - self._busy_since if self._in_flight else 0.0
        return self._spent["seconds"] + busy

    def _check(self, limit: str, spent: float, allowed: float) -> None:
        if spent >= allowed:
            raise BudgetExhausted(limit, allowed)
