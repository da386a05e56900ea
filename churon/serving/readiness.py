"""Whether questions can be answered now, by looking: what is opened once, and who still answers."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from churon.cli.checks import server
from churon.cli.checks.finding import Finding, error, ok, warning
from churon.cli.doctor import settled
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit

FRESH = 5.0
"""Seconds that findings hold: probes come often, and nobody may have us ask others in his place."""
PATIENCE = 2.0
"""Seconds that a probe waits for something to open or to answer."""


class Readiness:
    """Opens models and store when the server starts, and looks after them."""

    def __init__(self, toolkit: Toolkit, settings: Settings) -> None:
        self._toolkit, self._settings = toolkit, settings
        self._parts: dict[str, Callable[[], Awaitable[Any]]] = {
            "chat model": toolkit.chat,
            "store": toolkit.store,
            "reranker": toolkit.reranker,
        }
        self._opening: dict[str, asyncio.Task[Any]] = {}
        self._looking = asyncio.Lock()
        self._found: list[Finding] = []
        self._looked = -FRESH

    def open(self) -> None:
        """Begin to open everything, so that the first question need not wait for it."""
        for check in self._parts:
            self._task(check)

    async def findings(self) -> list[Finding]:
        """What was found, at most `FRESH` seconds ago; paths and addresses are left out."""
        async with self._looking:
            if time.monotonic() - self._looked >= FRESH:
                self._found = [masked(finding) for finding in await self._look()]
                self._looked = time.monotonic()
            return self._found

    def rerank_hit_rate(self) -> float | None:
        """Of the reranker's cache of scores; None without one."""
        task = self._opening.get("reranker")
        if task is None or not task.done() or task.cancelled() or task.exception():
            return None
        cache = getattr(getattr(task.result(), "scorer", None), "cache", None)
        rate = getattr(cache, "hit_rate", None)
        return rate if isinstance(rate, float) else None

    async def aclose(self) -> None:
        """Wait for what is being opened: a thread cannot be stopped, and must not open later."""
        tasks = set(self._opening.values())
        if tasks:
            await asyncio.wait(tasks, timeout=self._settings.serve.drain + PATIENCE)

    async def _look(self) -> list[Finding]:
        parts = [self._part(check) for check in self._parts]
        servers = settled("server", lambda: asyncio.to_thread(server.servers, self._settings))
        return [finding for found in await asyncio.gather(*parts, servers) for finding in found]

    async def _part(self, check: str) -> list[Finding]:
        task = self._task(check)
        await asyncio.wait({task}, timeout=PATIENCE)
        if not task.done():
            return [error(check, "is still being opened", "Wait.")]

        async def look() -> list[Finding]:
            opened = await task
            return [await self._passages(opened) if check == "store" else ok(check, "is open")]

        return await settled(check, look)

    def _task(self, check: str) -> asyncio.Task[Any]:
        """The opening under way, or anew where the last one failed."""
        task = self._opening.get(check)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._opening[check] = asyncio.ensure_future(self._parts[check]())
            # failures are told by the next look; a loop that closes first must not complain
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    async def _passages(self, store: Any) -> Finding:
        settings = self._settings
        # with tenancy any tenant's name will do to see whether the store answers
        tenant = settings.context.tenant or ("-" if settings.store.tenancy else None)
        try:
            async with asyncio.timeout(PATIENCE):
                count = await store.count(tenant=tenant, collection=settings.context.collection)
        except TimeoutError:
            return error("store", f"does not answer within {PATIENCE:g} s", "Check that it runs.")
        if not count and not settings.store.tenancy:
            return warning("store", "holds no passages", "churon ingest PATH")
        return ok("store", "answers")


def masked(finding: Finding) -> Finding:
    """The finding without addresses and paths: everybody may ask whether a server is ready."""
    return Finding(finding.level, finding.check, _bare(finding.message), _bare(finding.remedy))


def _bare(text: str) -> str:
    without_paths = re.sub(r"[^\s'\"(]*/[^\s'\",;)]*", "…", text)
    return re.sub(r"[\w.-]+:\d{1,5}\b", "…", without_paths)
