"""`churon draw`: a graph as mermaid text or PNG, drawn here, without network."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from churon.cli.picture import SUBGRAPHS, picture
from churon.graphs.registry import build_graph
from churon.tools.errors import InputError
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit


def run(name: str, output: Path | None) -> int:
    """Print mermaid, or write the file that `output` names."""
    drawn = drawable(name)
    if output is None:
        sys.stdout.write(drawn.draw_mermaid())
        return 0
    if output.suffix not in (".png", ".mmd"):
        raise InputError(
            f"{output.name!r} is neither .png nor .mmd.", remedy="Name a file with one of these."
        )
    try:
        if output.suffix == ".mmd":
            output.write_text(drawn.draw_mermaid(), "utf-8")
        else:
            picture(drawn).save(output)
    except OSError as error:
        raise InputError(
            f"{str(output)!r} cannot be written: {error.strerror}.", remedy="Choose another place."
        ) from error
    sys.stdout.write(f"{output}\n")
    return 0


def drawable(name: str) -> Any:
    """A graph or subgraph without LangGraph's error-handler nodes."""
    toolkit = Toolkit(Settings())  # nothing is opened: only the shape is drawn
    if name in SUBGRAPHS:
        machine = import_module(f"churon.graphs.{name}").build(toolkit)
    else:
        machine = build_graph(name, toolkit)
    drawn = machine.get_graph()
    for key in [key for key in drawn.nodes if "__error_handler__" in key]:
        del drawn.nodes[key]
    kept = [e for e in drawn.edges if e.source in drawn.nodes and e.target in drawn.nodes]
    drawn.edges[:] = kept
    return drawn
