"""churon (추론, "reasoning"): reasoning RAG over your own documents, as LangGraph state machines.

    import asyncio, churon

    output = asyncio.run(churon.ask("Who signs the incident report?"))
    print(output["answer"], output["status"])

`build_graph` gives the LangGraph itself, to be embedded, served or drawn. Everything is imported
at first use: `import churon` alone is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from churon.api import Event, ask, stream
    from churon.graphs.contract import Limits, RagContext, RagInput, RagOutput
    from churon.graphs.registry import build_graph
    from churon.tools.errors import ChuronError
    from churon.tools.settings import Settings, load_settings
    from churon.tools.toolkit import Toolkit

__all__ = [
    "ChuronError",
    "Event",
    "Limits",
    "RagContext",
    "RagInput",
    "RagOutput",
    "Settings",
    "Toolkit",
    "ask",
    "build_graph",
    "load_settings",
    "stream",
]

_HOMES = {
    "ChuronError": "churon.tools.errors",
    "Event": "churon.api",
    "Limits": "churon.graphs.contract",
    "RagContext": "churon.graphs.contract",
    "RagInput": "churon.graphs.contract",
    "RagOutput": "churon.graphs.contract",
    "Settings": "churon.tools.settings",
    "Toolkit": "churon.tools.toolkit",
    "ask": "churon.api",
    "build_graph": "churon.graphs.registry",
    "load_settings": "churon.tools.settings",
    "stream": "churon.api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'churon' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
