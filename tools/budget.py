"""The budget of one run: checked before each call, so that no call begins beyond a limit."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from churon.tools.account import merge_account, no_account, no_usage, total
from churon.tools.context import Limits
from churon.tools.errors import CALL_CAP, BudgetExhausted
from churon.tools.types import Account, Usage


class Budget:
    """Counts what a run spends; calls already in flight are the only overshoot.

    `account` is what other processes spent before a checkpoint, so that resuming goes on counting.
    """

    def __init__(
        self, limits: Limits, account: Account, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._process = uuid.uuid4().hex[:8]
        self._own = no_usage()
        self._busy_since = 0.0
        self._in_flight = 0
        self._account = no_account()
        self.learn(account)

    def allow(self, limits: Limits) -> None:
        """Other limits from now on."""
        self._limits = limits

    def learn(self, account: Account) -> None:
        """Take in what other processes spent: a state may know of more than the first one did."""
        self._account = merge_account(self._account, account)
        self._account["spent"].pop(self._process, None)
        self._before = total(self._account)

    def account(self) -> Account:
        """For the state: what others spent and what was spent here, seconds included."""
        own = Usage(**{**self._own, "seconds": round(self._busy_seconds(), 3)})
        return {**self._account, "spent": {**self._account["spent"], self._process: own}}

    def usage(self) -> Usage:
        """What all of them spent so far."""
        usage = total(self.account())
        return {**usage, "seconds": round(usage["seconds"], 3)}

    def cap_calls(self, most: int) -> None:
        """A graph's own limit of calls beside the user's; never raises it."""
        cap = self._account["call_cap"]
        self._account["call_cap"] = most if cap is None else min(most, cap)

    def take_call(self) -> int:
        """Pay for one model call; the most tokens that it may still use. Raises BudgetExhausted."""
        self.check_seconds()
        calls = self._before["calls"] + self._own["calls"]
        tokens = self._before["tokens"] + self._own["tokens"]
        self._check("calls", calls, self._limits.calls)
        if (cap := self._account["call_cap"]) is not None:
            self._check(CALL_CAP, calls, cap)
        self._check("tokens", tokens, self._limits.tokens)
        self._own["calls"] += 1
        return self._limits.tokens - tokens

    def take_search(self) -> None:
        """Pay for one search. Raises BudgetExhausted."""
        self.check_seconds()
        searches = self._before["searches"] + self._own["searches"]
        self._check("searches", searches, self._limits.searches)
        self._own["searches"] += 1

    def add_tokens(self, tokens: int) -> None:
        """Record the tokens of a finished call."""
        self._own["tokens"] += tokens

    def add_cache_hit(self) -> None:
        """Record an answer that was paid for before."""
        self._own["cache_hits"] += 1

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
                self._own["seconds"] += self._clock() - self._busy_since

    def _seconds(self) -> float:
        return self._before["seconds"] + self._busy_seconds()

    def _busy_seconds(self) -> float:
        busy = self._clock() - self._busy_since if self._in_flight else 0.0
        return self._own["seconds"] + busy

    def _check(self, limit: str, spent: float, allowed: float) -> None:
        if spent >= allowed:
            raise BudgetExhausted(limit, allowed)
