"""The parent's side of the reader process: one child, replaced when a file kills or hangs it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from churon.tools.errors import IngestError
from churon.tools.ingest.split import Chunk
from churon.tools.ingest.worker import LENGTH
from churon.tools.settings import IngestSettings

_START_SECONDS = 60.0
_FROM_OUTSIDE = (signal.SIGTERM, 9)
"""Signals that tell nothing of the file; 9 is SIGKILL, which Windows does not name."""


@dataclass(frozen=True)
class Reading:
    """What the reader made of one file."""

    title: str
    chunks: tuple[Chunk, ...]


class ReaderUnavailable(IngestError):
    """No document can be read: it says nothing of the file that was to be read first."""


class Reader:
    """Reads files one at a time; an async context manager. Raises IngestError per file."""

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stop()

    async def read(self, path: Path) -> Reading:
        """The file's title and chunks. Raises IngestError: refused, crashed or out of time, and
        ReaderUnavailable.
        """
        process = self._process or await self._start()
        try:
            async with asyncio.timeout(self._settings.max_seconds):
                answer = await self._ask(process, path)
        except TimeoutError as error:
            await self._stop()
            raise IngestError(
                f"Reading it took more than {self._settings.max_seconds:g} seconds.",
                remedy="Split it, or raise ingest.max_seconds.",
            ) from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise _crash(await self._stop()) from error
        except BaseException:
            await self._stop()  # cancelled between question and answer: the pipe is out of step
            raise
        return _reading(answer)

    async def _start(self) -> asyncio.subprocess.Process:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-W", "ignore", "-m", "churon.tools.ingest.worker"),
            self._settings.model_dump_json(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(_START_SECONDS):
                await _receive(self._process)
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            code = await self._stop()
            raise ReaderUnavailable(
                f"The document reader did not start (exit status {code}).",
                remedy="Is ingest.max_memory too small?",
            ) from error
        return self._process

    async def _ask(self, process: asyncio.subprocess.Process, path: Path) -> dict[str, Any]:
        assert process.stdin is not None
        process.stdin.write(json.dumps({"path": str(path)}).encode() + b"\n")
        await process.stdin.drain()
        return await _receive(process)

    async def _stop(self) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        if process.stdin is not None:
            process.stdin.close()
        crashed = process.returncode
        if crashed is None:
            try:
                async with asyncio.timeout(0.5):  # a crashed child's status is a moment away
                    crashed = await process.wait()
            except TimeoutError:
                process.kill()
        await process.wait()
        return crashed


def _crash(code: int | None) -> IngestError:
    if code is not None and -code in _FROM_OUTSIDE:  # a reader's own limits end it otherwise
        return IngestError(
            f"Its reader was ended from outside (exit status {code}), perhaps for want of memory.",
            outcome="unequipped",
            remedy="Free some memory and ingest again.",
        )
    return IngestError(
        f"Its reader crashed (exit status {code}).", remedy="The file may be damaged."
    )


async def _receive(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    answer: dict[str, Any] = json.loads(await process.stdout.readexactly(length))
    return answer


def _reading(answer: dict[str, Any]) -> Reading:
    if "error" in answer:
        raise IngestError(
            answer["error"], outcome=answer["outcome"], remedy=answer.get("remedy", "")
        )
    return Reading(answer["title"], tuple(Chunk(**chunk) for chunk in answer["chunks"]))
