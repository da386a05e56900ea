"""A run that `churon ask --json` printed, read back from a file or from standard input."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from churon.cli.reasoning import plain
from churon.graphs.contract import RagOutput
from churon.tools.errors import InputError
from churon.tools.types import Language, Status


class _Run(TypedDict):
    """The part of `RagOutput` that is drawn: runs of other versions stay readable."""

    answer: str
    language: Language
    status: Status
    steps: list[dict[str, Any]]


def read_run(source: str) -> RagOutput:
    """The run in the file of that name; "-" is standard input. Raises InputError."""
    name = "standard input" if source == "-" else repr(source)
    try:
        held = json.loads(_bytes(source), parse_constant=_refused)
        return cast(RagOutput, TypeAdapter(_Run).validate_python(held))
    except (OSError, ValueError, RecursionError) as error:  # ValidationError is a ValueError
        raise InputError(
            f"{name} is not a run: {_reason(error)}.",
            remedy="Write one with: churon ask --json QUESTION > run.json",
        ) from error


def _bytes(source: str) -> bytes | str:
    if source != "-":
        return Path(source).read_bytes()  # bytes: a Windows shell writes UTF-16, json sees that
    piped = getattr(sys.stdin, "buffer", None)
    return piped.read() if piped else sys.stdin.read()


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or "it cannot be read"
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = plain(".".join(map(str, first["loc"]))) or "the whole"
        return f"{place}: {first['msg'].lower()}"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    return f"it is not one JSON object ({plain(str(error))})"
