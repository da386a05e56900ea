"""A file that is written whole, or stays as it was before."""

from __future__ import annotations

import errno
import secrets
import shutil
from pathlib import Path

_NO_PLACE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV}
"""Nothing can be made beside the file or take its place; it may yet be written itself."""
_LINKS = 40
"""How many links to links a system follows."""


def write_whole(path: Path, content: bytes) -> None:
    """Put it in the file's place once all of it is on disk; of a link, what it leads to.

    Pipes, devices and files in whose place nothing can be put are written to. Raises OSError.
    """
    if _descriptor(path):
        with path.open("ab") as file:  # what a shell's `>>` adds to is kept
            file.write(content)
    elif path.exists() and not path.is_file():
        path.write_bytes(content)
    else:
        _replace_or_write(path.resolve(), content)


def _descriptor(path: Path) -> bool:
    """Whether it is an open file, such as /dev/stdout, which leads to one by a name of its own."""
    for _ in range(_LINKS):
        folder = path.absolute().parent.resolve()
        if folder.is_relative_to("/proc") or folder == Path("/dev/fd"):
            return True
        if not path.is_symlink():
            return False
        path = folder / path.readlink()
    return False


def _replace_or_write(path: Path, content: bytes) -> None:
    try:
        _replace(path, content)
    except OSError as error:
        if error.errno not in _NO_PLACE:
            raise
        path.write_bytes(content)


def _replace(path: Path, content: bytes) -> None:
    new = path.with_name(f".churon-{secrets.token_hex(8)}.new")  # a name that nobody else has
    try:
        with new.open("xb") as file:
            if path.exists():
                shutil.copymode(path, new)
            file.write(content)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
