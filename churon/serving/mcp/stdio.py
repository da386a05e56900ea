"""The tools over stdin and stdout, for a client that starts this process."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from weakref import WeakSet

from mcp.server.stdio import stdio_server

from churon.serving.house import House
from churon.serving.keys import Caller
from churon.serving.logs import to_stderr
from churon.serving.mcp.server import Context, server
from churon.serving.mcp.stdin import ended_by_signals
from churon.serving.visit import Visit
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit

_UNWINDING = 5.0
"""Seconds that cancelled runs may take to end when the client leaves."""


async def serve(
    settings: Settings, tenant: str | None = None, toolkit: Toolkit | None = None
) -> None:
    """Serve until stdin ends or a signal says stop, over `toolkit` or one made from the settings.

    stdout carries the protocol alone, whoever prints. Raises SettingsError.
    """
    to_stderr()
    house, visits = House.of(toolkit, settings), WeakSet[Visit]()  # what still runs holds its visit

    def visit_of(ctx: Context) -> Visit:
        visit = Visit("mcp", True, caller=Caller(tenant=tenant))
        visits.add(visit)
        return visit

    tools = server(house, visit_of, frank=True)
    try:
        with nullcontext() if sys.platform == "win32" else ended_by_signals():
            async with stdio_server() as (reading, writing):
                await tools.run(reading, writing, tools.create_initialization_options())
    finally:
        for visit in list(visits):
            await visit.unwind(_UNWINDING)
        await house.aclose()
