"""A run as a diagram: the search tree or the plan as boxes with text, laid out once.

The writers (diagram_png.py, diagram_text.py) turn it into a picture, SVG or mermaid and decide
nothing themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from churon.cli.measure import TIE, length, wrap
from churon.graphs.contract import RagOutput
from churon.tools.errors import InputError

FONT, LINE, PAD = 13, 19, 10
"""Text's size, a line's height and the space around text, in units of the layout."""
Style = Literal["title", "plain", "strong", "dim"]
Point = tuple[float, float]


@dataclass(frozen=True)
class Row:
    """One paragraph in a box; joined, its lines are its text."""

    lines: list[str]
    style: Style


@dataclass
class Box:
    """One node or step. The layout fills in its middle."""

    key: str
    """Id of the node or step; "" for what is neither."""
    width: float
    title: str
    side: str
    """Short text at the right of the title."""
    rows: list[Row]
    fill: str
    strong: bool = False
    """On the winner's path."""
    xy: Point = (0.0, 0.0)

    @property
    def height(self) -> float:
        return LINE * (1 + sum(len(row.lines) for row in self.rows)) + 2 * PAD

    @property
    def left(self) -> float:
        return self.xy[0] - self.width / 2

    @property
    def top(self) -> float:
        return self.xy[1] - self.height / 2


@dataclass(frozen=True)
class Link:
    """An arrow from one box to another, both by their place in the diagram's list."""

    source: int
    target: int
    strong: bool = False
    points: list[Point] = field(default_factory=list)


@dataclass(frozen=True)
class Diagram:
    """Boxes, arrows and the size of the whole; the first box's neighbours lie to the right of it
    ("LR") or below it ("TD")."""

    caption: str
    boxes: list[Box]
    links: list[Link]
    direction: Literal["LR", "TD"]
    width: float
    height: float


def row(text: str, width: float, most: int, style: Style = "plain") -> list[Row]:
    """A paragraph of a box of that width; none for empty text."""
    lines = [line.replace(TIE, " ") for line in wrap(text, (width - 2 * PAD) / FONT, most)]
    return [Row(lines, style)] if lines else []


def head(title: str, side: str, width: float) -> str:
    """The title, cut to what `side` leaves of its line."""
    room = (width - 2 * PAD) / FONT - (length(side) + 0.6 if side else 0)
    return "".join(wrap(title, room, 1))


def diagram_of(output: RagOutput) -> Diagram:
    """The run's tree or else its plan: `auto` searches after a plan that led nowhere.

    Raises InputError when there is neither.
    """
    from churon.cli.diagram_plan import plan_diagram
    from churon.cli.diagram_tree import tree_diagram
    from churon.cli.reasoning import kinds, plan_of, tree_of

    if tree := tree_of(output):
        return tree_diagram(tree, output["language"])
    if plan := plan_of(output):
        return plan_diagram(plan, output)
    raise InputError(
        f"This run has neither a search tree nor a plan; its steps are: {kinds(output)}.",
        remedy="Draw a run of mcts_rag or cot_rag.",
    )
