"""One thing that the doctor found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """`remedy` names the next action; empty where all is well."""

    level: Level
    check: str
    message: str
    remedy: str = ""


def ok(check: str, message: str) -> Finding:
    """All is well."""
    return Finding("ok", check, message)


def warning(check: str, message: str, remedy: str) -> Finding:
    """It works, but worse than it could."""
    return Finding("warning", check, message, remedy)


def error(check: str, message: str, remedy: str) -> Finding:
    """Something that the settings ask for cannot work."""
    return Finding("error", check, message, remedy)
