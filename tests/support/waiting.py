"""Waiting for what another thread or task does; generous, for a machine under load."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

SECONDS = 20.0


def until(true: Callable[[], Any]) -> None:
    """Wait until it is so."""
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, "It did not come to that."
        time.sleep(0.005)


async def auntil(true: Callable[[], Any]) -> None:
    """Wait until it is so, and let the event loop go on."""
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, "It did not come to that."
        await asyncio.sleep(0.005)
