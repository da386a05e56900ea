"""The process: a socket, uvicorn, and a stop that lets runs end within a bound."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI
from sse_starlette.sse import AppStatus

from churon.serving.app import create_app
from churon.serving.attend import UNWINDING
from churon.serving.connection import Connection, most
from churon.serving.house import House
from churon.serving.local import is_loopback
from churon.serving.logs import to_stderr
from churon.tools.errors import InputError
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit

log = logging.getLogger("churon.serving")


class Server(uvicorn.Server):
    """uvicorn, but for how it stops: our runs end first, and a stop that was asked for is no
    failure (uvicorn would raise the signal again at the end).
    """

    def __init__(self, config: uvicorn.Config, house: House) -> None:
        super().__init__(config)
        self.house = house

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal asks to stop; the next one insists."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no connections, let runs end, cancel the rest, then close the app."""
        # the task is held here until it is done
        drain = asyncio.ensure_future(self.house.drain(self.house.settings.serve.drain))
        try:
            await super().shutdown(sockets)
        finally:
            drain.cancel()


def serve(settings: Settings, toolkit: Toolkit | None = None) -> None:
    """Serve until a signal says stop, over `toolkit` or one made from the settings.

    Raises SettingsError, InputError.
    """
    wanted = settings.serve
    if not wanted.keys and not is_loopback(wanted.host):
        raise InputError(
            f"serve.host={wanted.host!r} is open to other machines, and no keys are set.",
            remedy="Make one: churon serve --new-key; or listen on 127.0.0.1.",
        )
    listening = bound(wanted.host, wanted.port)
    try:
        app = create_app(toolkit, settings)
        to_stderr()
        # sse-starlette would cut its streams at the first signal; `drain` ends them in time
        AppStatus.enable_automatic_graceful_drain = False
        log.info("listening on %s", _address(listening))
        _spare_the_collector()
        Server(configured(app), app.state.house).run(sockets=[listening])
    finally:
        listening.close()


def configured(app: FastAPI) -> uvicorn.Config:
    """uvicorn as it serves this app."""
    drain: float = app.state.house.settings.serve.drain
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",  # no door speaks it
        # a crowd is let in by parts: what is too much of one is closed before the next comes
        backlog=max(16, most() // 8),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=math.ceil(drain + UNWINDING),
    )


def _spare_the_collector() -> None:
    """Libraries stay: looking through their objects again and again takes a third of a run's own
    time. And a run's many small objects are gone before a tenth of them is worth a look.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def bound(host: str, port: int) -> socket.socket:
    """A socket on this address. Raises InputError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(found[4][:2], family=found[0], backlog=2_048)
    except (OSError, ValueError) as error:  # a name that cannot be one is a UnicodeError
        why = getattr(error, "strerror", None) or error
        raise InputError(
            f"{host}:{port} cannot be listened on: {why}.",
            remedy="Choose others with --host and --port.",
        ) from error


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
