"""JSON-RPC as far as the gate must know it: what a body asks for, and a failure as it is told."""

from __future__ import annotations

import json
from typing import Any

from churon.serving.problem import Problem

_FAILED = -32_000
"""The first of the codes that JSON-RPC leaves to servers."""


def look(body: bytes) -> tuple[str | int | None, bool]:
    """The request's id, and whether it calls a tool: the rest is done at once and takes no place.

    A cancellation, above all, must come through where all places are taken.
    """
    try:
        asked: Any = json.loads(body or b"null")
    except (ValueError, RecursionError):
        return None, False  # the door says what is wrong with it
    if not isinstance(asked, dict):
        return None, False
    given = asked.get("id")
    known = given if isinstance(given, (str, int)) and not isinstance(given, bool) else None
    return known, asked.get("method") == "tools/call"


def error(id: str | int | None, problem: Problem) -> dict[str, Any]:
    """The failure as the answer to this request."""
    data = {"code": problem.code, "status": problem.status}
    told = {"code": _FAILED, "message": problem.message, "data": data}
    return {"jsonrpc": "2.0", "id": id, "error": told}
