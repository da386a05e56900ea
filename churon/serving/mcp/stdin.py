"""A stdin that a signal can end: a read of the real one, once it waits, cannot be woken."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Until it is left, file descriptor 0 ends with the real stdin, or at SIGTERM or SIGINT."""
    loop, (ours, theirs) = asyncio.get_running_loop(), socket.socketpair()
    source = os.dup(0)

    def end() -> None:
        with suppress(OSError):
            ours.shutdown(socket.SHUT_WR)

    def copy() -> None:
        with suppress(OSError):  # the reader ended first
            while data := os.read(source, 65_536):
                ours.sendall(data)
        end()

    os.dup2(theirs.fileno(), 0)
    theirs.close()
    signals = (signal.SIGTERM, signal.SIGINT)
    for one in signals:
        loop.add_signal_handler(one, end)
    threading.Thread(target=copy, daemon=True).start()
    try:
        yield
    finally:
        end()
        for one in signals:
            loop.remove_signal_handler(one)
        os.dup2(source, 0)
