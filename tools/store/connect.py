"""One connection to Milvus, file or server, and its failures as StoreError."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churon.tools.addresses import is_server, shown
from churon.tools.errors import StoreError
from churon.tools.passing import passing
from churon.tools.setting_values import home_path
from churon.tools.settings import StoreSettings
from churon.tools.store import lite

if TYPE_CHECKING:
    from pymilvus import MilvusClient

_FIRST_WITH_BM25 = (2, 5)


@dataclass(frozen=True)
class Connection:
    """An open client with what the server can do."""

    client: MilvusClient
    arguments: dict[str, Any]
    """`connection_args` for langchain-milvus; the underlying channel is shared."""
    name: str
    """The uri for messages, without credentials."""
    file: Path | None
    """Path of the Milvus Lite file, None for a server."""
    bm25: bool
    """Whether the server has full-text search (Milvus 2.5 and later, Milvus Lite)."""
    writing: threading.Lock = field(default_factory=threading.Lock)
    """Milvus Lite takes one writer at a time."""

    def check(self, collection: str) -> None:
        """Raise StoreError, OSError for a collection of a Milvus Lite file that lost a part."""
        if self.file:
            lite.check(self.file, collection)

    def close(self) -> None:
        """Close the client and leave the Milvus Lite engine."""
        self.client.close()
        if self.file:
            lite.release(self.file)


def connect(settings: StoreSettings) -> Connection:
    """Open what `settings.uri` names: an address (http://host:port) or a .db file.

    Blocking, at most `settings.timeout` seconds for a server. Raises StoreError, SettingsError.
    """
    name = shown(settings.uri)
    file = file_of(settings.uri)
    address = lite.acquire(file) if file else settings.uri
    try:
        return _open(settings, address, name, file)
    except BaseException:  # whatever it was, the engine must not stay locked; raised again
        if file:
            lite.release(file)
        raise


def file_of(uri: str) -> Path | None:
    """The Milvus Lite file that store.uri names, None for a server's address.

    Raises StoreError where it is neither or cannot be found, SettingsError for an unknown home.
    """
    if is_server(uri):
        return None
    try:
        file = home_path(uri, "store.uri").resolve()
    except OSError as error:
        raise StoreError(
            f"The store {shown(uri)!r} cannot be found from here: {error.strerror}.",
            remedy="Change to a folder that is there, or set store.uri to a whole path.",
        ) from error
    if file.suffix != ".db":
        bare = shown(uri.rpartition("@")[2])  # what stands before may be a password
        raise StoreError(
            f"The store {bare!r} is neither a server's address nor a file that ends in .db.",
            remedy="Set store.uri to http://HOST:19530 or to a path such as .churon/milvus.db.",
        )
    return file


def _open(settings: StoreSettings, address: str, name: str, file: Path | None) -> Connection:
    from pymilvus import MilvusClient

    # They print every failed call, with its traceback or with the passages that were to be written;
    # the same failure is raised as a StoreError
    for library in ("pymilvus", "langchain_milvus"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    token = settings.token.get_secret_value() if settings.token else ""
    arguments: dict[str, Any] = {"uri": address, "token": token, "timeout": settings.timeout}
    if file:  # pymilvus pings every 10 s, which the embedded server answers by hanging up
        arguments["grpc_options"] = {"grpc.keepalive_time_ms": 2**31 - 1}
    with failures("reached", name):
        client = MilvusClient(**arguments)
        version = client.get_server_version(timeout=settings.timeout)
    numbers = re.search(r"(\d+)\.(\d+)", version)
    bm25 = not numbers or (int(numbers[1]), int(numbers[2])) >= _FIRST_WITH_BM25
    return Connection(client, arguments, name, file, bm25)


@contextmanager
def failures(verb: str, name: str) -> Iterator[None]:
    """Turns what pymilvus raises into a StoreError that says what could not be done."""
    from grpc import RpcError
    from pymilvus import MilvusException

    try:
        yield
    except (MilvusException, RpcError, OSError) as error:
        reason = getattr(error, "message", "") or str(error) or type(error).__name__
        raise StoreError(
            f"Milvus at {name!r} could not be {verb}: {' '.join(str(reason).split())[:500]}.",
            remedy=passing(str(reason)) or _remedy(verb, name),
        ) from error


def _remedy(verb: str, name: str) -> str:
    if is_server(name):
        return "Check that it runs and that store.uri and store.token are right."
    if verb == "opened":
        return "Try again; where it stays so, move it away and run `churon ingest PATH`."
    return "Try again, or look at `churon doctor`."
