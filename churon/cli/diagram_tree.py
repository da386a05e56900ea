"""A search tree as a diagram: depth from left to right, colour by mean value, the winner in bold.

Trees are wide and shallow: lying, they fit a page. A subtree has a strip of its own, so that no two
boxes can meet.
"""

from __future__ import annotations

from churon.cli.diagram import Box, Diagram, Link, Point, head, row
from churon.cli.measure import tied
from churon.cli.reasoning import Tree, asked, mean, plain
from churon.cli.tree import action, numbers, verdict
from churon.cli.words import say
from churon.tools.types import Language, TreeNode

WIDTH = 300
_ACROSS, _DOWN = 56, 18
"""Space between columns and between boxes."""
_POOR, _GOOD, _UNSEEN = (0xFD, 0xF0, 0xE1), (0x72, 0xCE, 0xAE), "#eef0f4"


def tree_diagram(tree: Tree, language: Language) -> Diagram:
    """Every node as a box at its depth."""
    path = tree.path()
    boxes = [_box(node, tree.nodes[0], node["id"] in path, language) for node in tree.nodes]
    place = {node["id"]: i for i, node in enumerate(tree.nodes)}
    parents = [place[node["parent"]] if node["parent"] else None for node in tree.nodes]
    width, height = _arrange(boxes, parents)
    links = [
        Link(up, i, boxes[i].strong, _elbow(boxes[up], boxes[i]))
        for i, up in enumerate(parents)
        if up is not None
    ]
    counts = say(language, "tree_counts", nodes=len(boxes), rollouts=tree.nodes[0]["N"])
    caption = f"{say(language, 'tree_title')} · {counts}"
    return Diagram(caption, boxes, links, "LR", width, height)


def _box(node: TreeNode, root: TreeNode, strong: bool, language: Language) -> Box:
    side = " · ".join(numbers(node, language, short=True))
    rows = row(asked(node, root), WIDTH, 2, "dim")
    if answer := plain(node["answer"]):
        rows += row(f"→ {answer}", WIDTH, 3, "strong")
    else:
        rows += row(plain(node["text"]), WIDTH, 2)
    rows += row(tied(verdict(node, language)), WIDTH, 2, "dim")
    title = head(action(node, language), side, WIDTH)
    return Box(node["id"], WIDTH, title, side, rows, _fill(mean(node)), strong)


def _fill(average: float | None) -> str:
    if average is None:
        return _UNSEEN
    share = min(max(average, 0.0), 1.0)
    mixed = (round(a + (b - a) * share) for a, b in zip(_POOR, _GOOD, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _arrange(boxes: list[Box], parents: list[int | None]) -> tuple[float, float]:
    """Place every box in the middle of its subtree's strip; the width and height of all."""
    children: list[list[int]] = [[] for _ in boxes]
    for i, up in enumerate(parents):
        if up is not None:
            children[up].append(i)
    strips = [0.0] * len(boxes)
    inner = [0.0] * len(boxes)  # what the children's strips take together
    for i in reversed(range(len(boxes))):  # children come after their parents
        inner[i] = sum(strips[j] + _DOWN for j in children[i]) - (_DOWN if children[i] else 0)
        strips[i] = max(boxes[i].height, inner[i])
    tops, depths = [0.0] * len(boxes), [0] * len(boxes)
    for i, box in enumerate(boxes):
        box.xy = (WIDTH / 2 + depths[i] * (WIDTH + _ACROSS), tops[i] + strips[i] / 2)
        top = tops[i] + (strips[i] - inner[i]) / 2
        for j in children[i]:
            tops[j], depths[j] = top, depths[i] + 1
            top += strips[j] + _DOWN
    return WIDTH + max(depths) * (WIDTH + _ACROSS), strips[0]


def _elbow(a: Box, b: Box) -> list[Point]:
    (x, y), (z, w) = (a.left + a.width, a.xy[1]), (b.left, b.xy[1])
    bend = z - _ACROSS / 2
    return [(x, y), (z, w)] if abs(y - w) < 1 else [(x, y), (bend, y), (bend, w), (z, w)]
