"""Values of settings that others must be able to take: keys, addresses of servers, paths."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from churon.tools.errors import SettingsError

UNSENDABLE = "holds characters that no HTTP header can, such as a line end"


def is_sendable(text: str) -> bool:
    """Whether an HTTP header can hold `text` as it is; else a client's error would show it."""
    return text.isascii() and text.isprintable() and text == text.strip()


def is_address(text: str) -> bool:
    """Whether `text` is an http:// or https:// address with a host, and with a port that can be."""
    from httpx import URL, InvalidURL  # late: most settings name no server

    try:
        url = URL(text)
    except InvalidURL:
        return False
    return url.scheme in ("http", "https") and bool(url.host) and (url.port or 1) <= 65_535


def home_path(path: str | Path, name: str) -> Path:
    """`path` with a leading ~ as the home folder. Raises SettingsError that calls it `name`."""
    if "\0" in str(path):
        raise SettingsError(f"{name}={str(path)!r} is no path.", remedy="Write it without \\0.")
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise SettingsError(
            f"The home folder of {name}={str(path)!r} is not known.",
            remedy="Set HOME, or write the whole path.",
        ) from error


def _sendable(secret: SecretStr) -> SecretStr:
    if not is_sendable(secret.get_secret_value()):
        raise ValueError(UNSENDABLE)
    return secret


def _address(text: str) -> str:
    if text and not is_address(text):
        raise ValueError("no http:// or https:// address, such as http://127.0.0.1:8080/v1")
    return text


HeaderSecret = Annotated[SecretStr, AfterValidator(_sendable)]
"""Sent in a header as it is."""
ServerAddress = Annotated[str, AfterValidator(_address)]
"""Empty is as good as unset."""
