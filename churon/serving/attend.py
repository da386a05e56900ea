"""A door at work, while somebody watches the client and the clock."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope

from churon.serving.body import gone
from churon.serving.problem import Problem
from churon.serving.reply import Reply
from churon.serving.visit import Visit

UNWINDING = 10.0
"""Seconds that cancelled work may take to end; what holds out longer is left behind."""


async def attend(
    app: ASGIApp,
    scope: Scope,
    body: bytes,
    receive: Receive,
    reply: Reply,
    visit: Visit,
    seconds: float,
) -> None:
    """Run `app` on a body that was read already; a client that leaves, or the time, cancels it.

    Raises what the app raised, or the Problem that it was cancelled for.
    """
    left = asyncio.Event()
    visit.work = visit.adopt(app(scope, _replay(body, left), reply))
    watch = asyncio.ensure_future(_watch(receive, visit, reply, left))
    late = Problem(504, "timeout", f"The answer took longer than {seconds:g} s.")
    clock = asyncio.get_running_loop().call_later(seconds, visit.end, late)
    try:
        await asyncio.wait({visit.work})
    finally:  # also where the server itself gives up
        clock.cancel()
        watch.cancel()
        await visit.unwind(UNWINDING)
    if visit.failure and not reply.complete:
        raise visit.failure
    if visit.work.done() and not visit.work.cancelled():
        visit.work.result()


def stopping() -> Problem:
    """The server is being stopped."""
    return Problem(503, "stopping", "The server is stopping; ask again.", {"Retry-After": "5"})


def _replay(body: bytes, left: asyncio.Event) -> Receive:
    """The app's `receive`: the whole body, then the client's leaving."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    return receive


async def _watch(receive: Receive, visit: Visit, reply: Reply, left: asyncio.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    if not reply.complete:  # servers also say so when all is done
        visit.end(gone())
    left.set()
