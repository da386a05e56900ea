"""Which files the given paths mean."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from churon.tools.errors import IngestError
from churon.tools.ingest.sniff import supported
from churon.tools.setting_values import at_home


@dataclass(frozen=True)
class Found:
    """One file; `reason` and `error` say why it is not to be opened, "" when it is."""

    path: Path
    """Absolute."""
    named: bool
    """Given by name, not found in a folder: it is tried again even if it failed before."""
    reason: str = ""
    """It is none of ours: skipped."""
    error: str = ""
    """A folder that cannot be listed: nobody knows what became of the files in it."""


def walk(paths: Sequence[Path]) -> dict[str, Found]:
    """Files by absolute path, in order of path; hidden files and folders are passed over."""
    found: dict[str, Found] = {}
    for given in paths:
        path = absolute(given)
        if os.path.isdir(path):  # noqa: PTH112 - Path's own raises where nothing may be looked up
            for file in _files(path):
                found.setdefault(key_of(file.path), file)
        elif os.path.lexists(path):
            found[key_of(path)] = Found(path, True, _unread(path))
    return dict(sorted(found.items()))


def absolute(path: Path) -> Path:
    """The path from the root, without `..`; links are kept, for they are what was named."""
    whole = here() / at_home(path)
    return Path(os.path.abspath(whole))  # noqa: PTH100 - resolve() follows links


def here() -> Path:
    """The working folder. Raises IngestError with outcome "usage" where it was deleted."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise IngestError(
            "The working folder was deleted.",
            outcome="usage",
            remedy="Change to a folder that is there.",
        ) from error


def key_of(path: Path) -> str:
    """The path as UTF-8, different for different paths: names on disk may be any bytes."""
    return os.fsencode(path).decode("utf-8", errors="backslashreplace")


def below(key: str, root: str) -> bool:
    """Whether it is that file, or one in that folder; both as `key_of` gives them."""
    return key == root or key.startswith(root.rstrip(os.sep) + os.sep)


def shown(path: Path) -> str:
    """The path that people see: from the working folder where it lies below it, as UTF-8."""
    folder = here()
    near = path.relative_to(folder) if path.is_relative_to(folder) else path
    return os.fsencode(near.as_posix()).decode("utf-8", errors="replace")


def _files(folder: Path) -> list[Found]:
    found: list[Found] = []

    def unlisted(error: OSError) -> None:
        reason = f"The folder cannot be listed: {error.strerror}."
        found.append(Found(Path(error.filename), False, error=reason))

    for base, folders, names in os.walk(folder, onerror=unlisted):  # does not follow links
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        linked = [name for name in folders if os.path.islink(Path(base, name))]  # noqa: PTH114
        files = [name for name in names if not name.startswith((".", "~$"))]
        found += [Found(path, False, _refusal(path)) for path in _at(base, [*linked, *files])]
    return found


def _at(base: str, names: list[str]) -> list[Path]:
    return [Path(base, name) for name in names]


def _refusal(path: Path) -> str:
    # os.path's functions: Path's own raise where a folder does not let its files be looked up
    if os.path.islink(path):  # noqa: PTH114
        return "It is a symbolic link. Name it itself to read it."
    return _unread(path)


def _unread(path: Path) -> str:
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113
        return "It is no regular file."  # a pipe or device would never end
    if supported(path):
        return ""
    kind = f"named {path.suffix!r}" if path.suffix else "without a suffix"
    return f"Files {kind} are not read."
