"""Which files the given paths mean."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from churon.tools.ingest.sniff import supported


@dataclass(frozen=True)
class Found:
    """One file; `reason` says why it is not to be opened, "" when it is."""

    path: Path
    """Absolute."""
    named: bool
    """Given by name, not found in a folder: it is tried again even if it failed before."""
    reason: str = ""


def walk(paths: Sequence[Path]) -> dict[str, Found]:
    """Files by absolute path, in order of path; hidden files and folders are passed over."""
    found: dict[str, Found] = {}
    for given in paths:
        path = absolute(given)
        if path.is_dir():
            for file in _files(path):
                found.setdefault(key_of(file), Found(file, False, _refusal(file)))
        elif os.path.lexists(path):
            found[key_of(path)] = Found(path, True, _unread(path))
    return dict(sorted(found.items()))


def absolute(path: Path) -> Path:
    """The path from the root, without `..`; links are kept, for they are what was named."""
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - resolve() follows links


def key_of(path: Path) -> str:
    """The path as UTF-8, different for different paths: names on disk may be any bytes."""
    return os.fsencode(path).decode("utf-8", errors="backslashreplace")


def below(key: str, root: str) -> bool:
    """Whether it is that file, or one in that folder; both as `key_of` gives them."""
    return key == root or key.startswith(root.rstrip(os.sep) + os.sep)


def shown(path: Path) -> str:
    """The path that people see: from the working folder where it lies below it, as UTF-8."""
    here = Path.cwd()
    near = path.relative_to(here) if path.is_relative_to(here) else path
    return os.fsencode(near.as_posix()).decode("utf-8", errors="replace")


def _files(folder: Path) -> list[Path]:
    files = []
    for base, folders, names in os.walk(folder):  # does not follow links to folders
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [Path(base, name) for name in names if not name.startswith((".", "~$"))]
    return files


def _refusal(path: Path) -> str:
    if path.is_symlink():
        return "It is a symbolic link. Name it itself to read it."
    return _unread(path)


def _unread(path: Path) -> str:
    if path.exists() and not path.is_file():
        return "It is no regular file."  # a pipe or device would never end
    if supported(path):
        return ""
    kind = f"named {path.suffix!r}" if path.suffix else "without a suffix"
    return f"Files {kind} are not read."
