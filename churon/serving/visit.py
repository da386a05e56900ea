"""`Visit`: one request on its way through the gate and a door."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from starlette.datastructures import Headers

from churon.serving.keys import Caller
from churon.serving.problem import Problem

T = TypeVar("T")

PUBLIC = ("health", "page")
"""Doors that need no key, as they hold no data."""
SCOPE = "churon.visit"
"""Where the ASGI scope holds it."""
_DOORS = {
    "": "page",
    "page": "page",
    "ask": "ask",
    "healthz": "health",
    "readyz": "health",
    "metrics": "metrics",
    "v1": "openai",
    "langserve": "langserve",
    "mcp": "mcp",
}


@dataclass(eq=False)
class Visit:
    """What the gate, the door and the run know of one request."""

    door: str
    """page, ask, health, metrics, openai, langserve, mcp, or "other"."""
    runs: bool
    """It may run a graph, so that it takes a place."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:16])
    caller: Caller = field(default_factory=Caller)
    session: str = ""
    """Which conversation the client says this is, for traces."""
    user: str = ""
    """Whose question the client says this is, for traces; it allows nothing."""
    graph: str = ""
    """Which graph ran, "" for none."""
    rpc_id: str | int | None = None
    """Of the JSON-RPC request, at the door of MCP."""
    status: int = 0
    """Of the response; of the failure, where a stream failed after its 200."""
    failure: Problem | None = None
    began: float = field(default_factory=time.monotonic)
    work: asyncio.Task[None] | None = None
    """The door at work; cancelling it cancels the run and its model calls."""
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    """The door and its runs."""

    @classmethod
    def of(cls, scope: Mapping[str, Any]) -> Visit:
        """The visit of a request that has just come."""
        # mounted inside another app, the path begins with the place where that is
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        door = _DOORS.get(path.lstrip("/").partition("/")[0], "other")
        headers = Headers(scope={**scope})
        return cls(
            door,
            scope["method"] == "POST" and door not in (*PUBLIC, "metrics"),
            session=headers.get("x-session-id") or headers.get("mcp-session-id", ""),
            user=headers.get("x-user-id", ""),
        )

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.began

    def adopt(self, work: Awaitable[T]) -> asyncio.Task[T]:
        """A task for the door or a run, which the gate sees to its end."""
        task: asyncio.Task[T] = asyncio.ensure_future(work)
        # what follows from a failure that was told already is asked for by nobody
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._tasks.add(task)
        return task

    async def unwind(self, seconds: float) -> None:
        """Cancel what still runs; it may take this long to end, then it is left behind."""
        tasks = {task for task in self._tasks if not task.done()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    def fail(self, problem: Problem) -> None:
        """Remember the first failure: later ones follow from it."""
        self.failure = self.failure or problem

    def end(self, problem: Problem) -> None:
        """Cancel the door's work for this reason."""
        self.fail(problem)
        if self.work is not None:
            self.work.cancel()
