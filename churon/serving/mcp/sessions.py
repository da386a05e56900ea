"""`Sessions`: each key's share of the sessions that clients keep."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from mcp.server.streamable_http import MCP_SESSION_ID_HEADER
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from churon.serving.problem import Problem

Kept = dict[str, int]
"""One key's sessions, the longest unused one first, with their requests under way.

One that the manager ended, as nobody used it for long, may still be here: it is the first to go.
"""


class Sessions:
    """The manager's door. A key that begins more than `share` sessions loses the one that it did
    not use for longest; that client is told 404, as the protocol has it, and begins another.
    """

    def __init__(self, manager: StreamableHTTPSessionManager, share: int) -> None:
        self._manager, self._share = manager, share
        self._kept: dict[str, Kept] = defaultdict(dict)

    async def handle(self, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        """One request of this key. Raises Problem 429 where all its sessions are at work."""
        headers, kept = Headers(scope=scope), self._kept[key]
        name = headers.get(MCP_SESSION_ID_HEADER)
        if name is None and _may_begin(headers):
            await self._begin(kept, scope, receive, send)
        elif name in kept:
            with _used(kept, name):
                await self._manager.handle_request(scope, receive, send)
            if scope["method"] == "DELETE":
                kept.pop(name, None)
        else:
            await self._manager.handle_request(scope, receive, send)

    async def _begin(self, kept: Kept, scope: Scope, receive: Receive, send: Send) -> None:
        oldest = self._who_goes(kept)
        coming = uuid.uuid4().hex  # holds the place until the answer has named the session
        kept[coming] = 1
        begun: list[str] = []

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                begun.extend(Headers(raw=message["headers"]).getlist(MCP_SESSION_ID_HEADER))
            await send(message)

        try:
            if oldest:
                del kept[oldest]
                await self._end(oldest, scope)
            await self._manager.handle_request(scope, receive, named)
            kept.update(dict.fromkeys(begun, 0))
        finally:
            del kept[coming]

    def _who_goes(self, kept: Kept) -> str | None:
        if len(kept) < self._share:
            return None
        for name, uses in kept.items():
            if not uses:
                return name
        said = f"All {self._share} sessions of this key are at work; end one, or try again."
        raise Problem(429, "too_many_sessions", said, {"Retry-After": "2"})

    async def _end(self, name: str, scope: Scope) -> None:
        """As its client would end it, whose key is that of `scope`."""
        raw = [(MCP_SESSION_ID_HEADER.encode(), name.encode())]
        asked = {**scope, "method": "DELETE", "headers": raw}
        await self._manager.handle_request(asked, _nothing, _unheard)


def _may_begin(headers: Headers) -> bool:
    """Later protocols have no sessions."""
    return headers.get(MCP_PROTOCOL_VERSION_HEADER, "") in ("", *HANDSHAKE_PROTOCOL_VERSIONS)


@contextmanager
def _used(kept: Kept, name: str) -> Iterator[None]:
    kept[name] = kept.pop(name) + 1
    try:
        yield
    finally:
        if name in kept:
            kept[name] = kept.pop(name) - 1


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _unheard(message: Message) -> None:
    pass
