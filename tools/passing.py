"""Trouble of the machine that passes: what helps, so that no sound file is thrown away for it."""

from __future__ import annotations

import errno
import re

_REMEDIES = {
    errno.ENOSPC: "Make room on the disk and try again.",
    errno.EDQUOT: "Make room on the disk and try again.",
    errno.EMFILE: "Raise the limit of open files (`ulimit -n`) and try again.",
    errno.ENFILE: "Close other programs, for too many files are open, and try again.",
    errno.EIO: "Check the disk and try again.",
    errno.EFBIG: "Raise the limit of a file's size (`ulimit -f`) and try again.",
    errno.EACCES: "Let your user read and write it.",
    errno.EPERM: "Let your user read and write it.",
    errno.EROFS: "Put it on a disk that can be written.",
}
_NUMBER = re.compile(r"\[errno (\d+)\]", re.IGNORECASE)


def passing(error: BaseException | str) -> str:
    """The next action where the error, or its text, names such trouble; "" for any other error."""
    number = _NUMBER.search(str(error))
    return _REMEDIES.get(int(number[1]), "") if number else ""
