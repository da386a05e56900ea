"""Addresses as messages, logs and printed settings show them, and what clients say of headers."""

from __future__ import annotations

import re

_HEADER = re.compile(r"((?:Illegal|Invalid) header value|in header value:) b?['\"].*", re.DOTALL)
_USER = re.compile(r"//[^/\s?#\"<>]*@")
_KEY = re.compile(
    r"([?&][^=&#\s]*(?:key|token|secret|passw|sig)[^=&#\s]*=)[^&#\s\"']+", re.IGNORECASE
)


def shown(text: str) -> str:
    """`text`, whose addresses have no user, password or key in their query; a path as it is.

    A header's value that a client could not send is left out.
    """
    return _KEY.sub(r"\1…", _USER.sub("//", _HEADER.sub(r"\1 …", text)))


def with_scheme(address: str) -> str:
    """An Ollama server's address, whole, as Ollama's own client takes one without a scheme."""
    if "://" in address:
        return address
    host, slash, path = address.partition("/")
    port = "" if re.search(r":\d+$", host) else ":11434"
    return f"http://{host}{port}{slash}{path}"


def is_server(uri: str) -> bool:
    """An address, not a Milvus Lite file."""
    return "://" in uri or uri.startswith("unix:")
