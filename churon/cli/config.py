"""`churon config`: every setting in force, as TOML that can be read back; secrets starred out."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from churon.tools.settings import Settings


def run(settings: Settings) -> int:
    """Print it."""
    sys.stdout.write(as_toml(settings.model_dump(mode="json")))
    return 0


def as_toml(values: Mapping[str, Any], name: str = "") -> str:
    """Plain values first, then sections; None is left out, as TOML has no null."""
    plain = {k: v for k, v in values.items() if v is not None and not isinstance(v, Mapping)}
    lines = [f"[{name}]"] if name and plain else []
    lines += [
        f"{_key(key)} = {json.dumps(value, ensure_ascii=False)}" for key, value in plain.items()
    ]
    text = "\n".join(lines) + ("\n\n" if lines else "")
    for key, value in values.items():
        if isinstance(value, Mapping):
            text += as_toml(value, f"{name}.{_key(key)}" if name else _key(key))
    return text


def _key(key: str) -> str:
    return (
        key
        if key.replace("_", "").replace("-", "").isalnum() and key.isascii()
        else json.dumps(key)
    )
