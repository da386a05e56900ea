"""A graph as a picture: layered by grandalf, drawn by Pillow, no network and no browser."""

from __future__ import annotations

from typing import Any

from grandalf.graphs import Edge, Graph, Vertex
from grandalf.layouts import DummyVertex, SugiyamaLayout
from PIL import Image, ImageDraw, ImageFont

from churon.cli.ink import arrow_head
from churon.graphs.registry import GRAPHS

SCALE = 2
SUBGRAPHS = ("retrieval", "long_form", "cot_step", "mcts_leaf")
"""Graphs inside graphs, which are drawn on their own."""
_INNER = {*SUBGRAPHS, *GRAPHS, "step", "survey", "expand", "lookup"}
"""Nodes that are graphs themselves; drawn in their own colour."""
_HEIGHT, _PAD, _MARGIN, _FONT = 30, 14, 24, 13
_INK, _LINE, _SOFT = "#1f2430", "#5b6472", "#9aa3b2"
_NODE, _SUBGRAPH, _ENDS = "#e8eefc", "#eaf6ee", "#dfe3ea"

Point = tuple[float, float]


class _Box:
    """Width and height that the layout asks for; it fills in `xy`."""

    def __init__(self, width: float) -> None:
        self.w, self.h = width, float(_HEIGHT)
        self.xy: Point = (0.0, 0.0)


def picture(drawn: Any) -> Image.Image:
    """The drawable graph of LangGraph (`get_graph`) as an image."""
    font = ImageFont.load_default(_FONT * SCALE)
    vertices = {key: _vertex(key, font) for key in drawn.nodes}
    edges = [
        (Edge(vertices[e.source], vertices[e.target]), bool(e.conditional))
        for e in drawn.edges
        if e.source != e.target
    ]
    layout = _laid_out(list(vertices.values()), [edge for edge, _ in edges])
    boxes = [vertex.view for vertex in vertices.values()]
    routes = [(_route(layout, edge), conditional) for edge, conditional in edges]
    across = [x for points, _ in routes for x, _ in points]
    left = min([b.xy[0] - b.w / 2 for b in boxes] + across) - _MARGIN
    top = min(b.xy[1] - b.h / 2 for b in boxes) - _MARGIN
    width = max([b.xy[0] + b.w / 2 for b in boxes] + across) - left + _MARGIN
    height = max(b.xy[1] + b.h / 2 for b in boxes) - top + _MARGIN
    image = Image.new("RGB", (int(width * SCALE), int(height * SCALE)), "white")
    pen = _Pen(ImageDraw.Draw(image), font, left, top)
    for points, conditional in routes:
        pen.arrow(points, conditional)
    for key, vertex in vertices.items():
        pen.box(key, vertex.view)
    return image


class _Pen:
    def __init__(self, draw: ImageDraw.ImageDraw, font: Any, left: float, top: float) -> None:
        self._draw, self._font, self._left, self._top = draw, font, left, top

    def box(self, key: str, view: _Box) -> None:
        x0, y0 = self._at((view.xy[0] - view.w / 2, view.xy[1] - view.h / 2))
        x1, y1 = self._at((view.xy[0] + view.w / 2, view.xy[1] + view.h / 2))
        radius = _HEIGHT * SCALE / (2 if key.startswith("__") else 5)
        self._draw.rounded_rectangle(
            (x0, y0, x1, y1), radius, fill=_fill(key), outline=_LINE, width=SCALE
        )
        middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        self._draw.text(middle, _label(key), fill=_INK, font=self._font, anchor="mm")

    def arrow(self, points: list[Point], conditional: bool) -> None:
        spots = [self._at(point) for point in points]
        color = _SOFT if conditional else _LINE
        self._draw.line(spots, fill=color, width=SCALE, joint="curve")
        self._draw.polygon([self._at(point) for point in arrow_head(points)], fill=color)

    def _at(self, point: Point) -> Point:
        return (point[0] - self._left) * SCALE, (point[1] - self._top) * SCALE


def _vertex(key: str, font: Any) -> Any:
    vertex = Vertex(key)
    vertex.view = _Box(font.getlength(_label(key)) / SCALE + 2 * _PAD)
    return vertex


def _laid_out(vertices: list[Any], edges: list[Any]) -> Any:
    core = Graph(vertices, edges).C[0]
    layout = SugiyamaLayout(core)
    layout.xspace, layout.yspace = 26, 34
    roots = [vertex for vertex in core.sV if vertex.data == "__start__"]
    layout.init_all(roots=roots)
    layout.draw(6)
    return layout


def _route(layout: Any, edge: Any) -> list[Point]:
    """From box to box through the layers between, in the edge's own direction."""
    start, end = edge.v
    ctrls = layout.ctrls.get(edge) or {}
    inner: list[Point] = [v.view.xy for v in ctrls.values() if isinstance(v, DummyVertex)]
    a, b = start.view, end.view
    down = b.xy[1] >= a.xy[1]
    inner = sorted(inner, key=lambda point: point[1], reverse=not down)
    edge_y = _HEIGHT / 2 if down else -_HEIGHT / 2
    return [(a.xy[0], a.xy[1] + edge_y), *inner, (b.xy[0], b.xy[1] - edge_y)]


def _label(key: str) -> str:
    return key.strip("_")


def _fill(key: str) -> str:
    if key.startswith("__"):
        return _ENDS
    return _SUBGRAPH if key in _INNER else _NODE
