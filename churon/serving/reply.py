"""`Reply`: the response as it goes out, and how a failure ends it at any point."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from churon.serving import rpc
from churon.serving.problem import Problem
from churon.serving.visit import Visit

LAST = 10.0
"""Seconds that a client has to take the failure: with them a visit ends, whoever does not read."""
_LANGSERVE_ERROR = b"event: error"
"""LangServe says "Internal Server Error" whatever happened; the gate says what did."""


class Reply:
    """ASGI's `send` for one visit."""

    def __init__(self, send: Send, visit: Visit) -> None:
        self._send, self._visit = send, visit
        self.started = self.complete = self.streams = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self._visit.id
            headers["x-content-type-options"] = "nosniff"
            self.started, self._visit.status = True, message["status"]
            self.streams = headers.get("content-type", "").startswith("text/event-stream")
        elif self._visit.door == "langserve" and self._is_error(message):
            return
        elif not message.get("more_body"):
            self.complete = True
        await self._send(message)

    def _is_error(self, message: Message) -> bool:
        return self.streams and bool(message.get("body", b"").startswith(_LANGSERVE_ERROR))

    async def fail(self, problem: Problem) -> None:
        """End the response with this failure; one that is complete already stays as it is."""
        if self.complete:
            return
        if self._visit.door == "openai" and problem.status == 422:
            problem.status = 400  # what OpenAI's own says, and its clients expect
        self._visit.fail(problem)
        with suppress(TimeoutError):  # the server closes what is left without an end
            async with asyncio.timeout(LAST):
                await self._last(problem)
        self._visit.status = problem.status

    async def _last(self, problem: Problem) -> None:
        if not self.started:
            await self._answer(problem)
        elif self.streams:
            body = last_event(self._visit, problem)
            await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def _answer(self, problem: Problem) -> None:
        body = json.dumps(_told(self._visit, problem)).encode()
        headers = {
            "content-type": "application/json",
            "content-length": str(len(body)),
            **problem.headers,
        }
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self({"type": "http.response.start", "status": problem.status, "headers": raw})
        await self({"type": "http.response.body", "body": body})


def last_event(visit: Visit, problem: Problem) -> bytes:
    """The failure as the last server-sent event, as this door's clients read it."""
    told, name = _told(visit, problem), ""
    if visit.door == "langserve":  # what RemoteRunnable makes an exception of
        told, name = {"status_code": problem.status, "message": problem.message}, "event: error\n"
    elif visit.door == "ask":
        told = {"event": "error", "status": problem.status, **told, "retry_after": problem.wait}
        name = "event: error\n"
    return f"{name}data: {json.dumps(told)}\n\n".encode()


def _told(visit: Visit, problem: Problem) -> dict[str, Any]:
    return rpc.error(visit.rpc_id, problem) if visit.door == "mcp" else problem.body()
