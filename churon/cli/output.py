"""A file that a command writes: whole, or as it was before."""

from __future__ import annotations

import shutil
from pathlib import Path

from churon.tools.errors import InputError


def write_whole(path: Path, content: bytes) -> None:
    """Put it in the file's place once all of it is on disk. Raises InputError."""
    try:
        if path.exists() and not path.is_file():  # a pipe or a device: nothing may take its place
            path.write_bytes(content)
        else:
            _replace(path.resolve(), content)  # of a link, what it leads to
    except OSError as error:
        raise InputError(
            f"{str(path)!r} cannot be written: {error.strerror}.", remedy="Choose another place."
        ) from error


def _replace(path: Path, content: bytes) -> None:
    new = path.with_name(f"{path.name}.new")
    try:
        with new.open("wb") as file:
            if path.exists():
                shutil.copymode(path, new)
            file.write(content)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
