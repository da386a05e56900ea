"""The command line: `churon` and `python -m churon`."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

_STOPPED = 130
"""The exit status of what Ctrl-C ended."""


def main() -> None:
    """Run the command; an expected failure is one message and a non-zero exit, no traceback."""
    _open_closed()
    try:
        _run()
    except KeyboardInterrupt:  # while the commands themselves were loaded
        _stop()
    except SystemExit as left:
        if left.code == _STOPPED:  # typer takes KeyboardInterrupt, and says nothing
            _stop()
        raise


def _run() -> None:
    from churon.cli.app import app
    from churon.cli.common import visible
    from churon.tools.errors import ChuronError, InputError, SettingsError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # Korean on a terminal that has no letters for it
            stream.reconfigure(errors="replace")
    for name in ("write", "flush"):
        setattr(sys.stdout, name, _named(getattr(sys.stdout, name)))
    try:
        try:
            app()
        finally:
            sys.stdout.flush()  # a full disk is told now, not in the middle of Python's end
    except (InputError, SettingsError) as error:
        sys.stderr.write(visible(f"churon: {error}\n"))
        sys.exit(2)
    except ChuronError as error:
        sys.stderr.write(visible(f"churon: {error}\n"))
        sys.exit(1)
    except OSError as error:
        _leave(error)


def _stop() -> NoReturn:
    sys.stderr.write("churon: stopped.\n")
    sys.exit(_STOPPED)


def _named(work: Callable[..., Any]) -> Callable[..., Any]:
    """A full disk is told with what could not be written; of open files Python says no name."""

    @wraps(work)
    def named(*given: Any) -> Any:
        try:
            return work(*given)
        except OSError as error:
            error.filename = "standard output"
            raise

    return named


def _open_closed() -> None:
    """Streams that the shell closed (`>&-`) take or give nothing, as the null device does."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, io.TextIOWrapper(io.FileIO(os.devnull, mode), "utf-8"))


def _leave(error: OSError) -> NoReturn:
    """Say what could not be read or written; who reads a pipe no more is told nothing."""
    if not isinstance(error, BrokenPipeError):
        about = f"{error.filename!r}: " if error.filename is not None else ""
        sys.stderr.write(f"churon: {about}{error.strerror or error}.\n")
    sys.stdout = io.StringIO()  # Python's end must not try again what is left in the buffer
    sys.exit(1)


if __name__ == "__main__":
    main()
