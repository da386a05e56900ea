"""`Connection`: one client's socket, and an end to waiting for what the client is to do.

uvicorn waits without end for the rest of a head and for a client that takes nothing, and takes any
number of connections: half a head each from a stranger without a key would use up all files.
"""

from __future__ import annotations

import asyncio
import sys

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from churon.serving.problem import Problem
from churon.serving.reply import Reply
from churon.serving.visit import Visit

HEAD = 10.0
"""Seconds within which the head of a request must have come, since its first byte; a new connection
must begin at once. Between requests uvicorn's shorter limit for idle connections holds."""
STALLED = 60.0
"""Seconds after which a client that takes nothing of what was written is cut off."""
MOST = 4_096
"""Connections at once, and at most half of the files that the process may open: the other half is
for models, stores and documents."""


class Connection(H11Protocol):
    """uvicorn's, which waits no longer than that."""

    since = 0.0
    """When its latest head was awaited."""
    _head: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None
    _left = 0
    """Bytes that were not taken at the last look."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head, in the place of who waits longest where there are too many."""
        super().connection_made(transport)
        # says from the first byte that lies there, not from 64 KiB on, that a client does not take
        transport.set_write_buffer_limits(0)
        self._expect()
        if len(self.connections) > most():
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        super().connection_lost(exc)
        for timer in (self._head, self._taking):
            if timer:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """The next bytes; with those that end a head its time ends."""
        super().data_received(data)
        if self.cycle and not self.cycle.response_complete:
            if self._head:
                self._head.cancel()
                self._head = None
        elif not self._head:
            self._expect()

    def pause_writing(self) -> None:
        """The system's buffer is full: the client does not take what was written."""
        super().pause_writing()
        self._left = self.transport.get_write_buffer_size()
        self._taking = self.loop.call_later(STALLED, self._look)

    def resume_writing(self) -> None:
        """All was taken."""
        super().resume_writing()
        if self._taking:
            self._taking.cancel()

    @property
    def waits(self) -> bool:
        """It is the client's turn: to send a head or a body, or to take what it asked for."""
        cycle = self.cycle
        idle = cycle is None or cycle.response_complete or cycle.more_body
        return idle or self.flow.write_paused

    def _expect(self) -> None:
        self.since = self.loop.time()
        self._head = self.loop.call_later(HEAD, self.transport.close)

    def _look(self) -> None:
        """Cut off a client that took nothing since the last look; its visit ends then, too."""
        left = self.transport.get_write_buffer_size()
        if left >= self._left:
            self.transport.abort()
        else:
            self._left = left
            self._taking = self.loop.call_later(STALLED, self._look)

    def _make_room(self) -> None:
        """Of one whose turn it is; where all others are being answered, the newest is refused."""
        others = [one for one in self.connections if isinstance(one, Connection) and one.waits]
        others.remove(self)
        if others:
            longest = min(others, key=lambda one: one.since)
            self.connections.discard(longest)
            longest.transport.abort()
        else:
            self.app = _full


def most() -> int:
    """How many connections there may be."""
    if sys.platform == "win32":
        return MOST
    import resource

    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST if files == resource.RLIM_INFINITY else max(1, min(MOST, files // 2))


async def _full(scope: Scope, receive: Receive, send: Send) -> None:
    later = {"Retry-After": "2", "Connection": "close"}
    said = "Too many connections are open; try again."
    await Reply(send, Visit.of(scope)).fail(Problem(503, "too_many_connections", said, later))
