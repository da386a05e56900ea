"""What all commands share: settings from the global options, and values given as KEY=VALUE."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from churon.tools.errors import InputError

if TYPE_CHECKING:
    from churon.tools.settings import Settings

_STEERS = "\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069"
"""8-bit controls, and what turns the order of letters round: an amount must read as it is."""
_CONTROL = re.compile(rf"[\x00-\x08\x0b-\x1f{_STEERS}]")
_LINES = re.compile("[\t\n\u2028\u2029]")
_UNSAFE = re.compile(rf"[{_STEERS}]")


def settings_of(
    ctx: typer.Context, preset: str | None = None, more: Sequence[str] = ()
) -> Settings:
    """The settings that the global options ask for; `preset` and the pairs of `more` win over them.

    Raises SettingsError, InputError.
    """
    from churon.tools.settings import load_settings

    given: dict[str, Any] = ctx.find_root().obj or {}
    flags = nested([*given.get("sets", []), *more])
    named = flags.pop("preset", None)
    chosen = preset or given.get("preset") or named
    return load_settings(given.get("path"), preset=chosen, **flags)


def remember(ctx: typer.Context, path: Path | None, preset: str | None, sets: list[str]) -> None:
    """Keep the global options for `settings_of`."""
    ctx.obj = {"path": path, "preset": preset, "sets": sets}


def print_version(wanted: bool) -> None:
    """What --version does, before anything else is looked at."""
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"churon {version('churon')}\n")
        raise typer.Exit


def nested(pairs: list[str]) -> dict[str, Any]:
    """`["store.uri=x", "context.k2=5"]` as nested dicts; the later one of a name wins.

    Values stay text, which the settings read as CHURON_* variables are read; what begins with a
    quote, a bracket or a brace is TOML. Raises InputError.
    """
    flags: dict[str, Any] = {}
    for given in pairs:
        name, text = pair(given, "Write for example context.k2=5.")
        *parents, last = name.split(".")
        place = flags
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                raise InputError(
                    f"{parent!r} has a value already: {given!r} does not fit.",
                    remedy="Give either the section or its parts.",
                )
        place[last] = toml(text) if text[:1] in _OPENING else text
    return flags


_OPENING = ('"', "'", "[", "{")


def pair(given: str, example: str) -> tuple[str, str]:
    """`KEY=VALUE` as both. Raises InputError with the example."""
    name, equals, text = given.partition("=")
    if not equals or not all(name.strip().split(".")):
        raise InputError(f"{given!r} is not KEY=VALUE.", remedy=example)
    return name.strip(), text


def toml(text: str) -> Any:
    """What it is in TOML; text that is no TOML as it is."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def print_json(value: Any) -> None:
    """On stdout; escaped where its encoding lacks a letter, so that it stays what it was."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    text = _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2)
    sys.stdout.write(f"{text}\n")


def readable(text: str) -> str:
    """`text`, unless it is empty or the terminal's bytes were not UTF-8. Raises InputError."""
    if not text.strip():
        raise InputError(f"The question {text!r} is empty.", remedy="Ask something.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            "The question is not UTF-8 text.", remedy="Set the terminal to UTF-8."
        ) from error
    return text


def named(text: str) -> str:
    """A file's name, visible and on one line."""
    return visible(_LINES.sub("\N{REPLACEMENT CHARACTER}", text))


def visible(text: str) -> str:
    """`text` without control characters: a file's name or a model must not steer the terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
