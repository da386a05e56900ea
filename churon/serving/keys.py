"""API keys: made here, kept as hashes, compared in constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from churon.tools.serve_settings import ServeKey


@dataclass(frozen=True)
class Caller:
    """Who asks."""

    key: str = ""
    """The key's name in the settings; "" where the server has no keys."""
    tenant: str | None = None
    """The key's tenant."""


class Keys:
    """The keys of the settings."""

    def __init__(self, keys: Mapping[str, ServeKey]) -> None:
        self._keys = dict(keys)

    def __bool__(self) -> bool:
        return bool(self._keys)

    def recognise(self, presented: str) -> Caller | None:
        """The caller with this key; all keys are compared, whichever fits."""
        wanted, found = digest(presented), None
        for name, key in self._keys.items():
            if hmac.compare_digest(key.sha256, wanted):
                found = Caller(name, key.tenant)
        return found


def digest(key: str) -> str:
    """How a key is kept. No slow hash: a key has 256 random bits, nothing can be guessed."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def new_key(tenant: str | None) -> tuple[str, str]:
    """A new key, and the line for `[serve.keys]` that admits it."""
    key = f"churon_{secrets.token_urlsafe(32)}"
    kept = digest(key)
    bound = f", tenant = {json.dumps(tenant, ensure_ascii=False)}" if tenant else ""
    return key, f'key-{kept[:8]} = {{ sha256 = "{kept}"{bound} }}'


def presented(headers: Mapping[str, str]) -> str:
    """The key in a request's headers, "" for none.

    `Authorization: Bearer KEY`, `X-API-Key: KEY`, or the password of HTTP Basic, which is what
    browsers can send.
    """
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if scheme.lower() == "basic":
        return _password(given)
    return headers.get("x-api-key", "").strip()


def _password(encoded: str) -> str:
    try:
        plain = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return plain.partition(":")[2]
