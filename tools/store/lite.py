"""Milvus Lite: one engine per file and process, shared by all stores that opened it."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from churon.tools.errors import StoreError
from churon.tools.passing import passing
from churon.tools.private import private_folder
from churon.tools.store import intact

# milvus-lite keeps one server per file for the whole process and stops it for everybody at the
# first release; counting the users is the only way to close a store without breaking another
_lock = threading.Lock()
_users: dict[Path, int] = {}


def acquire(path: Path) -> str:
    """Start the engine on `path`, or join it; its loopback address.

    The parent folder is created. Raises StoreError where milvus-lite is missing, another process
    holds the file, or the file cannot be opened or is damaged.
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
        address = engines.start_and_get_uri(str(path))
        if not address:
            raise _why_not(path)
        if path not in _users:  # the engine has opened no collection yet, and nobody else can
            _check(path)
        _users[path] = _users.get(path, 0) + 1
    return str(address)


def release(path: Path) -> None:
    """Leave the engine; the last user stops it, so that another process can open the file."""
    from milvus_lite.server_manager import server_manager_instance as engines

    with _lock:
        _users[path] -= 1
        if not _users[path]:
            del _users[path]
            engines.release_server(str(path))


def _make_parent(path: Path) -> None:
    try:
        private_folder(path.parent)
    except OSError as error:
        raise StoreError(
            f"The folder {str(path.parent)!r} of the store cannot be made: {error}.",
            remedy=passing(error) or "Set store.uri to a place you can write to.",
        ) from error


def _check(path: Path) -> None:
    from milvus_lite.server_manager import server_manager_instance as engines

    try:
        intact.check(path)
    except (StoreError, OSError) as error:
        engines.release_server(str(path))
        raise error if isinstance(error, StoreError) else _unopened(path, error) from error


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
