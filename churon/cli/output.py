"""A file that a command writes: whole, or as it was before."""

from __future__ import annotations

from pathlib import Path

from churon.tools import whole
from churon.tools.errors import InputError


def write_whole(path: Path, content: bytes) -> None:
    """Put it in the file's place once all of it is on disk. Raises InputError."""
    try:
        whole.write_whole(path, content)
    except OSError as error:
        raise InputError(
            f"{str(path)!r} cannot be written: {error.strerror}.", remedy="Choose another place."
        ) from error
