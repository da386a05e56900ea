"""What has been ingested: SQLite, one row a file, true at any moment a process may be killed.

Before the store is written a file's row becomes `pending` and names every chunk, old and new; the
next run then rewrites that file and deletes what is left over, so that nothing is lost or orphaned.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from churon.tools.errors import IngestError
from churon.tools.passing import passing
from churon.tools.private import private_folder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    collection TEXT NOT NULL, tenant TEXT NOT NULL, path TEXT NOT NULL, document TEXT NOT NULL,
    content TEXT NOT NULL, limits TEXT NOT NULL, outcome TEXT NOT NULL, error TEXT NOT NULL,
    chunks TEXT NOT NULL, PRIMARY KEY (collection, tenant, path))
"""
_NO_WRITES = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})
_COLUMNS = ("path", "document", "content", "limits", "outcome", "error")


@dataclass(frozen=True)
class Entry:
    """One file as the last run left it."""

    path: str
    """Absolute."""
    document: str
    """Path that people see."""
    content: str
    """Hash of the bytes and of what shapes the chunks; "" when the bytes could not be read."""
    limits: str
    """Hash of the limits under which a file failed."""
    outcome: str
    """indexed, failed, skipped, or pending while the store is being written."""
    error: str = ""
    chunks: dict[str, str] = field(default_factory=dict)
    """Chunk id -> digest of the passage, "" when the store may hold something else."""


class Manifest:
    """The rows of one collection and tenant. Raises IngestError when the file is unusable.

    With `reads`, nothing is to be written, and a file in a place that takes no writes will do.
    """

    def __init__(self, path: Path, collection: str, tenant: str, *, reads: bool = False) -> None:
        self._path = path
        self._scope = (collection, tenant)
        with self._failures():
            try:
                self._db = _opened(path)
            except (sqlite3.OperationalError, PermissionError) as error:
                if not (reads and path.is_file() and _is_locked_up(error)):
                    raise
                # SQLite asks for files of its own beside it, unless told that nobody writes
                address = f"{path.absolute().as_uri()}?immutable=1"
                self._db = sqlite3.connect(address, uri=True)

    def entries(self) -> dict[str, Entry]:
        """All rows by path."""
        with self._failures():
            rows = self._db.execute(
                f"SELECT {', '.join(_COLUMNS)}, chunks FROM files "
                "WHERE collection = ? AND tenant = ?",
                self._scope,
            ).fetchall()
            return {
                row[0]: Entry(**dict(zip(_COLUMNS, row, strict=False)), chunks=_chunks(row[-1]))
                for row in rows
            }

    def save(self, entries: Iterable[Entry]) -> None:
        """Write rows, all of them or none."""
        rows = [
            (*self._scope, *(getattr(entry, name) for name in _COLUMNS), json.dumps(entry.chunks))
            for entry in entries
        ]
        with self._failures(), self._db:
            self._db.executemany("INSERT OR REPLACE INTO files VALUES (?,?,?,?,?,?,?,?,?)", rows)

    def forget(self, paths: Iterable[str]) -> None:
        """Drop rows, all of them or none."""
        with self._failures(), self._db:
            self._db.executemany(
                "DELETE FROM files WHERE collection = ? AND tenant = ? AND path = ?",
                [(*self._scope, path) for path in paths],
            )

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            raise IngestError(
                f"The manifest {str(self._path)!r} cannot be used: {error}.",
                remedy=_remedy(error),
            ) from error


def _opened(path: Path) -> sqlite3.Connection:
    private_folder(path.parent)
    db = sqlite3.connect(path, timeout=30)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute(_SCHEMA)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _is_locked_up(error: Exception) -> bool:
    """Whether it is the place that takes no writes, or no new files."""
    return isinstance(error, OSError) or _code(error) in _NO_WRITES


def _code(error: Exception) -> int:
    # extended codes hold the plain one in their lowest byte
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _chunks(text: str) -> dict[str, str]:
    chunks = json.loads(text)
    if isinstance(chunks, dict) and all(isinstance(one, str) for one in chunks.values()):
        return chunks
    raise ValueError(f"{text[:60]!r} is no list of passages")


def _remedy(error: Exception) -> str:
    code = _code(error)
    if isinstance(error, ValueError) or code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return "It is damaged: move it away and ingest again."
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "Another churon writes it: try again when that is done."
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return "Let your user read and write it and its folder."
    checks = "Check the disk, its free room and the limit of open files (`ulimit -n`)"
    return passing(error) or f"{checks}, then try again."
