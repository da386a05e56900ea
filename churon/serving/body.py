"""Reading a request's body, within a size and a time."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import Receive

from churon.serving.problem import Problem

SECONDS = 30.0
"""A client that takes longer to send its body is not waited for."""


async def read_body(headers: Headers, receive: Receive, most: int) -> bytes:
    """The whole body. Raises Problem: 413 above `most` bytes, 408 when it does not come."""
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(SECONDS):
            return await _read(receive, most)
    except TimeoutError:
        raise Problem(408, "timeout", f"The body did not come within {SECONDS:g} s.") from None


async def _read(receive: Receive, most: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise gone()
        body += message.get("body", b"")
        if len(body) > most:
            raise _too_large(most)
        if not message.get("more_body"):
            return bytes(body)


def check_type(headers: Headers, body: bytes) -> None:
    """Raise Problem 415 for a body that is not declared as JSON.

    Browsers send JSON to another site only after asking it, and no door says yes: that keeps pages
    of other sites from asking questions with the user's own address or password.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind != "application/json":
        raise Problem(415, "not_json", "The body must be sent as application/json.")


def gone() -> Problem:
    """The client left; nobody reads this."""
    return Problem(499, "client_gone", "The client closed the connection.")


def _too_large(most: int) -> Problem:
    return Problem(413, "too_large", f"The body is larger than {most:,} bytes.")
