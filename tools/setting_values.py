"""Values of settings that others must be able to take: keys, addresses of servers, paths."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, SecretStr, ValidationInfo

from churon.tools.addresses import with_scheme
from churon.tools.errors import SettingsError

_MILVUS = frozenset({"http", "https", "tcp", "unix"})
UNSENDABLE = "holds characters that no HTTP header can, such as a line end"


def is_sendable(text: str) -> bool:
    """Whether an HTTP header can hold `text` as it is; else a client's error would show it."""
    return text.isascii() and text.isprintable()


def is_address(text: str) -> bool:
    """Whether `text` is an http:// or https:// address with a host, and with a port that can be."""
    from httpx import URL, InvalidURL  # late: most settings name no server

    try:
        url = URL(text)
        return url.scheme in ("http", "https") and bool(url.host) and (url.port or 1) <= 65_535
    except (InvalidURL, ValueError):  # idna's own too
        return False


def at_home(path: str | Path) -> Path:
    """`path` with a leading ~ as the home folder, where that is known; else as it is."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path's own raises


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
    text = secret.get_secret_value().strip()
    if not is_sendable(text):
        raise ValueError(UNSENDABLE)
    return SecretStr(text)


def _address(text: str, info: ValidationInfo) -> str:
    text = text.strip()
    if text and info.data.get("provider") == "ollama":
        text = with_scheme(text)
    if text and not is_address(text):
        raise ValueError("no http:// or https:// address, such as http://127.0.0.1:8080/v1")
    return text


def _milvus(uri: str) -> str:
    scheme = uri.partition("://")[0].casefold()
    if "://" in uri and scheme not in _MILVUS:
        raise ValueError("Milvus is at an address such as http://HOST:19530, or in a .db file")
    return uri


HeaderSecret = Annotated[SecretStr, AfterValidator(_sendable)]
"""Sent in a header, without blanks and line ends around it."""
StoreAddress = Annotated[str, AfterValidator(_milvus)]
ServerAddress = Annotated[str, AfterValidator(_address)]
"""Empty is as good as unset. Ollama's needs no scheme."""
