"""`churon draw`: a graph, or what a run of one thought, drawn here, without network."""

from __future__ import annotations

import sys
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL.Image import Image

from churon.cli.output import write_whole
from churon.cli.picture import SUBGRAPHS, picture
from churon.cli.run_file import read_run
from churon.graphs.registry import build_graph
from churon.tools.errors import InputError
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit


def run(name: str | None, output: Path | None) -> int:
    """Print the graph's mermaid, or write the file that `output` names; None: Self-RAG."""
    drawn = drawable(name or "self_rag")
    if output is None:
        sys.stdout.write(drawn.draw_mermaid())
        return 0
    if output.suffix not in (".png", ".mmd"):
        raise InputError(
            f"{output.name!r} is neither .png nor .mmd.", remedy="Name a file with one of these."
        )
    if output.suffix == ".mmd":
        return _write(output, drawn.draw_mermaid())
    return _write(output, picture(drawn))


def run_file(name: str | None, source: str, output: Path | None) -> int:
    """Print the mermaid of the run that `churon ask --json` left in a file, or write `output`."""
    if name is not None:
        raise InputError(
            f"A graph ({name!r}) and a run ({source!r}) are two drawings.",
            remedy="Leave one of them out.",
        )
    from churon.cli.diagram import diagram_of
    from churon.cli.diagram_text import mermaid, svg

    suffix = output.suffix if output else ".mmd"
    if suffix not in (".png", ".svg", ".mmd"):
        raise InputError(
            f"{output.name!r} is none of .png, .svg and .mmd." if output else "",
            remedy="Name a file with one of these.",
        )
    diagram = diagram_of(read_run(source))
    if output is None:
        sys.stdout.write(mermaid(diagram))
        return 0
    if suffix == ".png":
        from churon.cli.diagram_png import png

        return _write(output, png(diagram))
    return _write(output, svg(diagram) if suffix == ".svg" else mermaid(diagram))


def _write(output: Path, content: str | Image) -> int:
    if isinstance(content, str):
        write_whole(output, content.encode())
    else:
        made = BytesIO()
        content.save(made, "PNG")
        write_whole(output, made.getvalue())
    sys.stdout.write(f"{output}\n")
    return 0


def drawable(name: str) -> Any:
    """A graph or subgraph."""
    # nothing is opened, no setting read: only the shape is drawn
    toolkit = Toolkit(Settings.model_construct())
    if name in SUBGRAPHS:
        machine = import_module(f"churon.graphs.{name}").build(toolkit)
    else:
        machine = build_graph(name, toolkit)
    return machine.get_graph()
