"""`churon config`: every setting, as TOML that can be read back; secrets starred out."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from churon.tools.addresses import shown
from churon.tools.settings import Settings

STARS = "**********"
"""How pydantic writes a secret."""


def run(settings: Settings) -> int:
    """Print it."""
    sys.stdout.write(as_toml(settings.model_dump(mode="json")).rstrip() + "\n")
    return 0


def as_toml(values: Mapping[str, Any], name: str = "") -> str:
    """Plain values first, then sections, those without a value too.

    What is unset is a comment, as TOML has no null. Secrets are comments, so that a file made of
    this does not hold stars for a key.
    """
    plain = {k: v for k, v in values.items() if not isinstance(v, Mapping)}
    lines = [f"[{name}]"] if name and (plain or not values) else []
    lines += [_line(key, value) for key, value in plain.items()]
    text = "\n".join(lines) + ("\n\n" if lines else "")
    for key, value in values.items():
        if isinstance(value, Mapping):
            text += as_toml(value, f"{name}.{_key(key)}" if name else _key(key))
    return text


def _line(key: str, value: Any) -> str:
    if value is None:
        return f"# {_key(key)} ="
    bare = shown(value) if isinstance(value, str) else value
    secret = value == STARS or bare != value
    return ("# " if secret else "") + f"{_key(key)} = {_value(bare)}"


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # refused by TOML


def _key(key: str) -> str:
    bare = key.replace("_", "").replace("-", "")
    return key if bare.isalnum() and key.isascii() else _value(key)
