"""Libraries of the extra `eval`, imported at first use."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from churon.tools.errors import SettingsError


def library(name: str) -> Any:
    """The module of that name. Raises SettingsError with what to install."""
    try:
        return import_module(name)
    except ImportError as error:
        raise SettingsError(
            f"Evaluation needs {name.partition('.')[0]!r}, which is not installed.",
            remedy="pip install 'churon[eval]'",
        ) from error
