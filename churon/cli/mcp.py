"""`churon mcp`: the documents as tools for an MCP client that starts this process."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec

from churon.tools.errors import ModelMissing
from churon.tools.settings import Settings

_NEEDED = ("mcp", "prometheus_client")


def run(settings: Settings, tenant: str | None) -> int:
    """Serve until the client closes stdin; exit status 0 then."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise ModelMissing(
            f"`churon mcp` needs {', '.join(missing)}.", remedy="pip install 'churon[mcp]'"
        )
    from churon.serving.mcp.stdio import serve

    asyncio.run(serve(settings, tenant))
    return 0
