"""A plan as a diagram: steps in layers by what they wait for, colour by support; the answer."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from grandalf.graphs import Edge, Graph, Vertex
from grandalf.layouts import DummyVertex, SugiyamaLayout

from churon.cli.diagram import Box, Diagram, Link, Point, head, row
from churon.cli.measure import tied
from churon.cli.reasoning import Plan, plain
from churon.cli.tree import result_facts, step_title
from churon.cli.words import say
from churon.graphs.contract import RagOutput
from churon.tools.types import Language, PlanStep, StepResult

WIDTH, _ANSWER = 330, 360
_FILLS = {"full": "#bfe6d3", "partial": "#fbe8b0", "none": "#f8cfc6", "unchecked": "#e8eefc"}
_NOT_RUN, _UNRESOLVED, _END = "#eef0f4", "#f8cfc6", "#dce6fb"
_GAP = 44
"""Space between layers."""


def plan_diagram(plan: Plan, output: RagOutput) -> Diagram:
    """Every step as a box, and one for the answer that the last steps lead to."""
    language = output["language"]
    boxes = [_box(step, plan.results.get(step["id"]), language) for step in plan.steps]
    boxes.append(_answer(output))
    place = {step["id"]: i for i, step in enumerate(plan.steps)}
    pairs = [
        (place[need], i)
        for i, step in enumerate(plan.steps)
        for need in dict.fromkeys(step["depends_on"])
        if need in place
    ]
    needed = {source for source, _ in pairs}
    pairs += [(i, len(plan.steps)) for i in place.values() if i not in needed]
    routes = _arrange(boxes, pairs)
    links = [Link(a, b, points=points) for (a, b), points in zip(pairs, routes, strict=True)]
    width, height = _shift(boxes, routes)
    return Diagram(say(language, "plan_title"), boxes, links, "TD", width, height)


def _box(step: PlanStep, result: StepResult | None, language: Language) -> Box:
    rows = row(plain(result["question"] if result else step["question"]), WIDTH, 3)
    if result:
        answer = plain(result["answer"])
        rows += row(f"→ {answer}" if answer else "", WIDTH, 3, "strong")
    rows += row(tied(result_facts(result, language)), WIDTH, 2, "dim")
    fill = _NOT_RUN if result is None else _FILLS[result["support"]]
    if result and result["method"] == "none":
        fill = _UNRESOLVED
    return Box(step["id"], WIDTH, head(step_title(step, language), "", WIDTH), "", rows, fill)


def _answer(output: RagOutput) -> Box:
    language, status = output["language"], output["status"]
    side = say(language, "status_partial" if status == "partial" else status)
    title = head(say(language, "answer"), side, _ANSWER)
    return Box("", _ANSWER, title, side, row(plain(output["answer"]), _ANSWER, 5), _END)


class _View:
    """Width and height that the layout asks for; it fills in `xy`."""

    def __init__(self, box: Box) -> None:
        self.w, self.h, self.xy = float(box.width), float(box.height), (0.0, 0.0)


def _arrange(boxes: list[Box], pairs: list[tuple[int, int]]) -> list[list[Point]]:
    """Place the boxes; the way of each arrow, around the boxes between."""
    vertices = [Vertex(i) for i in range(len(boxes))]
    for vertex, box in zip(vertices, boxes, strict=True):
        vertex.view = _View(box)
    edges = [Edge(vertices[a], vertices[b]) for a, b in pairs]
    layout = SugiyamaLayout(Graph(vertices, edges).C[0])  # all lead to the answer: one component
    layout.xspace, layout.yspace = 30, _GAP
    layout.init_all()
    layout.draw(8)
    mirror = -1 if _backwards([vertex.view.xy for vertex in vertices]) else 1
    for vertex, box in zip(vertices, boxes, strict=True):
        box.xy = (vertex.view.xy[0] * mirror, vertex.view.xy[1])
    inner = [_between(layout, edge, boxes, mirror) for edge in edges]
    return _routes(boxes, pairs, inner)


def _backwards(spots: list[Point]) -> bool:
    """Whether most steps of one layer stand right of later ones."""
    signs = [1 if a[0] > b[0] else -1 for a, b in combinations(spots, 2) if a[1] == b[1]]
    return sum(signs) > 0


def _between(layout: Any, edge: Any, boxes: list[Box], mirror: int) -> list[Point]:
    """Upright past every layer between, so that only the gaps are crossed aslant."""
    points: list[Point] = []
    for dummy in (layout.ctrls.get(edge) or {}).values():
        if isinstance(dummy, DummyVertex):
            x, y = dummy.view.xy
            half = max([box.height / 2 for box in boxes if box.xy[1] == y], default=0.0)
            points += [(x * mirror, y - half), (x * mirror, y + half)]
    return sorted(points, key=lambda point: point[1])


def _routes(
    boxes: list[Box], pairs: list[tuple[int, int]], inner: list[list[Point]]
) -> list[list[Point]]:
    """From the bottom of one box to the top of another, side by side where several meet."""
    leaves, arrives = [0.0] * len(pairs), [0.0] * len(pairs)
    for i, box in enumerate(boxes):
        going = [n for n, (a, _) in enumerate(pairs) if a == i]
        coming = [n for n, (_, b) in enumerate(pairs) if b == i]
        going.sort(key=lambda n: (inner[n] or [boxes[pairs[n][1]].xy])[0][0])
        coming.sort(key=lambda n: (inner[n] or [boxes[pairs[n][0]].xy])[-1][0])
        for order, place in ((going, leaves), (coming, arrives)):
            space = min(30.0, box.width / (len(order) + 1))
            for turn, n in enumerate(order):
                place[n] = box.xy[0] + (turn - (len(order) - 1) / 2) * space
    return [
        [
            (leaves[n], boxes[a].top + boxes[a].height),
            *inner[n],
            (arrives[n], boxes[b].top),
        ]
        for n, (a, b) in enumerate(pairs)
    ]


def _shift(boxes: list[Box], routes: list[list[Point]]) -> tuple[float, float]:
    """Move all to begin at the origin; width and height."""
    across = [x for points in routes for x, _ in points]
    left = min([box.left for box in boxes] + across)
    top = min(box.top for box in boxes)
    for box in boxes:
        box.xy = (box.xy[0] - left, box.xy[1] - top)
    for points in routes:
        points[:] = [(x - left, y - top) for x, y in points]
    right = max([box.left + box.width for box in boxes] + [x - left for x in across])
    return right, max(box.top + box.height for box in boxes)
