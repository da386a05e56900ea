"""A circuit breaker: a server that keeps failing is left alone for a while.

Closed, calls pass. After some failures in a row it opens: calls are refused at once, so that nobody
waits for what will not come and a server that starts again is not overrun. Then one call passes as
a trial while others are still refused; its end closes the circuit or opens it again.
(M. Nygard, Release It!, 2007, section 5.2.)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from churon.tools.forks import renewed_in_children


class CircuitOpen(Exception):
    """The call was not made. Internal: tools turn it into an error that names the server."""

    def __init__(self, failures: int, seconds: float) -> None:
        super().__init__(f"open after {failures} failures in a row, for another {seconds:.1f} s")
        self.failures = failures
        self.seconds = seconds
        """Until the next trial; 0 while one is under way."""


class CircuitBreaker:
    """Shared by all callers of one server. Thread-safe."""

    def __init__(
        self,
        down: Callable[[Exception], bool | None],
        *,
        failures: int = 5,
        pause: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`down`: whether a call's exception shows a failing server (True), one that answers
        (False), or neither (None). `pause` and `clock` are in seconds.
        """
        self._down, self._most, self._pause, self._clock = down, failures, pause, clock
        self._failures = 0
        self._opened: float | None = None
        self._renew()
        renewed_in_children(self)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._trying = False

    @contextmanager
    def call(self) -> Iterator[None]:
        """Around one call, retries included. Raises CircuitOpen instead of making it."""
        trial = self._enter()
        down: bool | None = None  # what is no Exception, such as Ctrl-C, tells nothing
        try:
            yield
            down = False
        except Exception as error:  # whatever it is goes on; `_down` knows what it tells
            down = self._down(error)
            raise
        finally:
            self._leave(trial, down)

    def _enter(self) -> bool:
        """Whether the call that enters is a trial."""
        with self._lock:
            if self._opened is None:
                return False
            left = self._opened + self._pause - self._clock()
            if left > 0 or self._trying:
                raise CircuitOpen(self._failures, max(left, 0.0))
            self._trying = True
            return True

    def _leave(self, trial: bool, down: bool | None) -> None:
        with self._lock:
            if trial:
                self._trying = False
            if down is False:
                self._failures, self._opened = 0, None
            elif down:
                self._failures += 1
                # Calls that began before it opened and fail later do not prolong the pause
                if trial or (self._opened is None and self._failures >= self._most):
                    self._opened = self._clock()
