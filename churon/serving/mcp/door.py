"""`/mcp`: the tools over streamable HTTP, behind the gate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from churon.serving.house import House
from churon.serving.mcp.server import Context, server
from churon.serving.mcp.sessions import Sessions
from churon.serving.problem import Problem
from churon.serving.visit import SCOPE, Visit

MOST_SESSIONS = 1_000
"""Of clients that keep one, as protocols before 2026-07-28 do; a cancellation is sent within. All
keys have equal shares.
"""
IDLE = 1_800.0
"""Seconds after which a session that nobody uses ends."""


class McpDoor:
    """The ASGI app at `/mcp`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._sessions: Sessions | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """While the app runs. Sessions end with it; an app that starts again has new ones."""
        settings = self._house.settings.serve
        manager = StreamableHTTPSessionManager(
            server(self._house, _visit_of),
            # hosts and origins are the gate's to check
            security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
            max_request_body_size=settings.max_bytes,
            max_sessions=MOST_SESSIONS,
            session_idle_timeout=IDLE,
        )
        share = max(1, MOST_SESSIONS // max(1, len(settings.keys)))
        async with manager.run():
            self._sessions = Sessions(manager, share)
            try:
                yield
            finally:
                self._sessions = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Raises Problem."""
        if self._sessions is None:
            said = "The app's lifespan has not begun: an app that mounts this one must run it."
            raise Problem(503, "not_started", said)
        if scope["method"] not in ("POST", "DELETE"):
            # nothing is sent unasked, so there is no stream to listen to
            raise Problem(405, "method_not_allowed", "Use POST.", {"Allow": "POST, DELETE"})
        visit: Visit = scope[SCOPE]
        # a session belongs to the key that began it
        key = visit.caller.key or "-"
        user = AuthenticatedUser(AccessToken(token="-", client_id=key, scopes=[]))
        await self._sessions.handle(key, {**scope, "user": user}, receive, send)


def add_mcp(app: FastAPI, house: House) -> McpDoor:
    """Mount the door; it is open within `McpDoor.open`."""
    door = McpDoor(house)
    app.router.routes.append(Route("/mcp", door))
    return door


def _visit_of(ctx: Context) -> Visit:
    request: Any = ctx.request
    visit: Visit = request.scope[SCOPE]
    return visit
