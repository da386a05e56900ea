"""The graphs by name."""

from __future__ import annotations

from importlib import import_module
from typing import Any, get_args

from churon.graphs.machine import RagGraph
from churon.tools.errors import InputError
from churon.tools.toolkit import Toolkit
from churon.tools.types import Machine

GRAPHS: tuple[Machine, ...] = get_args(Machine)
"""From a question to an answer with its evidence (`RagInput`, `RagOutput`)."""
CHAT = "chat"
"""From messages to messages, by one of the others."""


def build_graph(
    name: str = "self_rag", toolkit: Toolkit | None = None, *, checkpointer: Any = None
) -> RagGraph:
    """The named graph over `toolkit`, by default one made from the settings. Raises InputError."""
    known = (*GRAPHS, CHAT)
    if name not in known:
        raise InputError(f"There is no graph {name!r}.", remedy=f"Use one of {', '.join(known)}.")
    module = import_module(f"churon.graphs.{name}")
    graph: RagGraph = module.build(toolkit or Toolkit(), checkpointer=checkpointer)
    return graph
