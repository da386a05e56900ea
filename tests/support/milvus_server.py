"""A real Milvus server (the `milvus` package, 2.3) for tests, shut off from every network.

That server listens on all interfaces. So it runs in a network namespace of its own, and is reached
through a Unix socket that this file, run as a script inside the namespace, forwards to its port.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ISOLATE = ("unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
START_SECONDS = 120


@contextlib.contextmanager
def milvus_server(folder: Path) -> Iterator[str]:
    """Start a server that keeps its data in `folder`; its uri. Skips where it cannot run."""
    if find_spec("milvus") is None:
        pytest.skip("no Milvus server: pip install 'churon[server-tests]'")
    isolate = next(filter(_works, (ISOLATE, (*ISOLATE, "--map-root-user"))), None)
    if isolate is None:
        pytest.skip("no Milvus server: this machine allows no network namespaces")
    path = folder / "s"
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen(
        [*isolate, sys.executable, __file__, str(folder), str(path)], stdout=log, stderr=log
    )
    try:
        if not _appears(path, process):
            pytest.skip(f"no Milvus server: it did not start, see {folder / 'server.log'}")
        yield f"unix:{path}"
    finally:
        process.kill()  # unshare waits out gentler signals; its namespace dies with it
        process.wait()
        log.close()


def _works(isolate: tuple[str, ...]) -> bool:
    if sys.platform != "linux" or shutil.which(isolate[0]) is None:
        return False
    return subprocess.run([*isolate, "true"], capture_output=True, check=False).returncode == 0


def _appears(path: Path, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if path.exists():
            return True
        time.sleep(0.2)
    return False


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh", b"lo", 0x1 | 0x40)  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(any_socket, 0x8914, request)  # SIOCSIFFLAGS


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _forward(path: str, port: int) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        out, into = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pump(reader, into), _pump(out, writer))

    server = await asyncio.start_unix_server(connected, path)
    await server.serve_forever()


def _serve(folder: str, path: str) -> None:
    from milvus import MilvusServer

    _loopback_up()
    server = MilvusServer()
    server.set_base_dir(folder)
    server.start()
    asyncio.run(_forward(path, server.listen_port))


if __name__ == "__main__":
    _serve(*sys.argv[1:])
