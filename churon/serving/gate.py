"""The gate that every request passes: key, size, a free place, client and clock, metrics, log."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from churon.serving import rpc
from churon.serving.attend import attend, stopping
from churon.serving.body import check_type, read_body
from churon.serving.house import House
from churon.serving.keys import Caller, presented
from churon.serving.local import is_local
from churon.serving.problem import Problem, problem_of
from churon.serving.reply import Reply
from churon.serving.visit import PUBLIC, SCOPE, Visit

log = logging.getLogger("churon.serving")


class Gate:
    """ASGI middleware around all doors."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self.app, self.house = app, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # the lifespan; no door speaks another protocol
            await self.app(scope, receive, send)
            return
        visit = scope[SCOPE] = Visit.of(scope)
        reply = Reply(send, visit)
        with self._watched(visit, scope):
            try:
                await self._admit(scope, receive, reply, visit)
            except Exception as error:  # whatever a door raises, its client gets one clear answer
                await reply.fail(self._told(error, visit))

    async def _admit(self, scope: Scope, receive: Receive, reply: Reply, visit: Visit) -> None:
        headers, settings = Headers(scope=scope), self.house.settings.serve
        if visit.door not in PUBLIC:
            visit.caller = self._caller(scope, headers)
        # nobody may fill the memory without a key
        most = 0 if visit.door in PUBLIC else settings.max_bytes
        body = await read_body(headers, receive, most)
        check_type(headers, body)
        if visit.door == "mcp":
            visit.rpc_id, visit.runs = rpc.look(body)
        if self.house.draining and visit.runs:
            raise stopping()
        async with self._place(visit):
            await attend(self.app, scope, body, receive, reply, visit, settings.seconds)

    def _caller(self, scope: Scope, headers: Headers) -> Caller:
        keys = self.house.keys
        if not keys:
            if not is_local(scope, headers):
                raise Problem(403, "not_local", "Without keys, only this machine may ask.")
            return Caller()
        key = presented(headers)
        if caller := keys.recognise(key) if key else None:
            return caller
        said = "This API key is not known." if key else "An API key is needed: Bearer KEY."
        raise Problem(401, "invalid_api_key", said, _CHALLENGE)

    @asynccontextmanager
    async def _place(self, visit: Visit) -> AsyncIterator[None]:
        if not visit.runs:
            yield
            return
        if not self.house.places.take():
            raise Problem(
                429,
                "rate_limit_exceeded",
                f"{self.house.places.most} runs are under way, which is the most; try again.",
                {"Retry-After": "2"},
            )
        try:
            yield
        finally:
            self.house.places.give()

    @contextmanager
    def _watched(self, visit: Visit, scope: Scope) -> Iterator[None]:
        self.house.visits.add(visit)
        try:
            yield
        finally:
            self.house.visits.discard(visit)
            if visit.failure:  # told inside a response that says 200, as MCP tells it
                visit.status = visit.failure.status
            self.house.metrics.visited(visit)
            if visit.door not in (*PUBLIC, "metrics"):
                log.info(
                    "%s %s %s key=%s graph=%s status=%d seconds=%.3f",
                    visit.id, scope["method"], visit.door, visit.caller.key or "-",
                    visit.graph or "-", visit.status, visit.seconds,
                )  # fmt: skip

    def _told(self, error: Exception, visit: Visit) -> Problem:
        if not isinstance(error, Problem) and visit.failure is None:
            log.error("request %s failed", visit.id, exc_info=error)
        return visit.failure or problem_of(error, visit.id)


_CHALLENGE = {"WWW-Authenticate": 'Bearer, Basic realm="churon"'}
"""Basic, so that a browser asks for the key (as the password) and opens the playground."""
