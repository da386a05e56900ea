"""Whether a request comes from this machine, and from a page of this machine."""

from __future__ import annotations

import ipaddress

from starlette.datastructures import Headers
from starlette.types import Scope


def is_local(scope: Scope, headers: Headers) -> bool:
    """The client's address is loopback, and so is the name that it asked for.

    The name too: a page of another site can make its own name point to 127.0.0.1 (DNS rebinding)
    and would then read the answers.
    """
    client = scope.get("client")  # None behind a unix socket
    return (client is None or is_loopback(client[0])) and is_loopback(_host(headers))


def is_loopback(host: str) -> bool:
    """`localhost` or an address such as 127.0.0.1 and ::1."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host(headers: Headers) -> str:
    host = headers.get("host", "")
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
