"""Every graph that can be evaluated, by name."""

from __future__ import annotations

from importlib import import_module

from churon.graphs.machine import RagGraph
from churon.graphs.registry import GRAPHS, build_graph
from churon.tools.toolkit import Toolkit

BASELINES = ("closed_book", "agent")
ALL = (*GRAPHS, *BASELINES)


def build(name: str, toolkit: Toolkit) -> RagGraph:
    """The named graph. Raises InputError."""
    if name not in BASELINES:
        return build_graph(name, toolkit)
    module = import_module(f"churon.evals.baselines.{name}")
    graph: RagGraph = module.build(toolkit)
    return graph
