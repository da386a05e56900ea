"""What all commands share: settings from the global options, and values given as KEY=VALUE."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from churon.tools.errors import InputError

if TYPE_CHECKING:
    from churon.tools.settings import Settings


def settings_of(ctx: typer.Context) -> Settings:
    """The settings that the global options ask for. Raises SettingsError."""
    from churon.tools.settings import load_settings

    given: dict[str, Any] = ctx.find_root().obj or {}
    return load_settings(given.get("path"), preset=given.get("preset"), **given.get("flags", {}))


def remember(ctx: typer.Context, path: Path | None, preset: str | None, sets: list[str]) -> None:
    """Keep the global options for `settings_of`."""
    ctx.obj = {"path": path, "preset": preset, "flags": nested(sets)}


def nested(pairs: list[str]) -> dict[str, Any]:
    """`["store.uri=x", "context.k2=5"]` as nested dicts; values are TOML where they can be."""
    flags: dict[str, Any] = {}
    for pair in pairs:
        name, value = split_pair(pair)
        *parents, last = name.split(".")
        place = flags
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return flags


def split_pair(pair: str) -> tuple[str, Any]:
    """`KEY=VALUE` as name and value: number, boolean or list where it reads as one, else text."""
    name, equals, text = pair.partition("=")
    if not equals or not name:
        raise InputError(f"{pair!r} is not KEY=VALUE.", remedy="Write for example context.k2=5.")
    try:
        return name, tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return name, text
