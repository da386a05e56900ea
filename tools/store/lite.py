"""Milvus Lite: one engine per file and process, shared by all stores that opened it."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

from churon.tools.errors import StoreError
from churon.tools.passing import passing
from churon.tools.private import private_folder
from churon.tools.store import intact

# milvus-lite keeps one server per file for the whole process and stops it for everybody at the
# first release; counting the users is the only way to close a store without breaking another
_lock = threading.Lock()


@dataclass
class _Engine:
    ours: bool
    """False where it ran before the first store: somebody else in this process has a client."""
    users: int = 0
    checked: set[str] = field(default_factory=set)
    """Collections that were whole before a store opened them."""


_engines: dict[Path, _Engine] = {}


def acquire(path: Path) -> str:
    """Start the engine on `path`, or join it; its loopback address.

    The parent folder is created. Raises StoreError where milvus-lite is missing, another process
    holds the file, or the file cannot be opened.
    """
    try:
        from milvus_lite.server_manager import server_manager_instance as engines
    except ImportError as error:
        raise StoreError(
            f"The store {str(path)!r} is a Milvus Lite file and milvus-lite is not installed.",
            remedy="Install it with: pip install 'churon[embedded]'.",
        ) from error
    # It logs a traceback and returns None for what we explain in one sentence below
    logging.getLogger("milvus_lite").setLevel(logging.CRITICAL)
    with _lock:
        _make_parent(path)
        ours = os.path.abspath(path) not in engines._servers  # noqa: PTH100 - its own key
        address = engines.start_and_get_uri(str(path))
        if not address:
            raise _why_not(path)
        _engines.setdefault(path, _Engine(ours)).users += 1
    return str(address)


def check(path: Path, collection: str) -> None:
    """Raise StoreError for a damaged collection, OSError for an unreadable one.

    Once an engine, before it opens the collection: later it may be amid a write.
    """
    with _lock:
        checked = _engines[path].checked
        if collection not in checked:
            intact.check(path, collection)
            checked.add(collection)


def release(path: Path) -> None:
    """Leave the engine; the last user stops it, so that another process can open the file.

    One that ran before stays, for whoever started it.
    """
    from milvus_lite.server_manager import server_manager_instance as engines

    with _lock:
        engine = _engines[path]
        engine.users -= 1
        if not engine.users:
            del _engines[path]
            if engine.ours:
                engines.release_server(str(path))


def _make_parent(path: Path) -> None:
    try:
        private_folder(path.parent)
    except OSError as error:
        raise StoreError(
            f"The folder {str(path.parent)!r} of the store cannot be made: {error}.",
            remedy=passing(error) or "Set store.uri to a place you can write to.",
        ) from error


def _why_not(path: Path) -> StoreError:
    from milvus_lite import DataDirLockedError, MilvusLite, MilvusLiteError

    try:
        MilvusLite(str(path)).close()
    except DataDirLockedError:
        return StoreError(
            f"The store {str(path)!r} is open in another process; Milvus Lite allows one.",
            remedy="Stop that process, or run a Milvus server and set store.uri to its address.",
        )
    except (MilvusLiteError, OSError, ValueError) as error:
        return _unopened(path, error)
    return StoreError(
        f"The store {str(path)!r} did not start.", remedy="Try again, or look at `churon doctor`."
    )


def _unopened(path: Path, error: Exception) -> StoreError:
    remedy = "Move it away and ingest again, or set store.uri to another file."
    return StoreError(
        f"The store {str(path)!r} cannot be opened: {error}.", remedy=passing(error) or remedy
    )
