"""Modules of `support` run in a process of their own, which kills itself in the middle."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys


async def killed(module: str, *arguments: object) -> None:
    """Run it with these arguments; it must end by SIGKILL."""
    command = [sys.executable, "-m", f"support.{module}", *map(str, arguments)]
    path = os.pathsep.join(entry for entry in sys.path if entry)
    ended = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL, ended.stderr
