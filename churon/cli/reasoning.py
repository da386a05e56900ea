"""What a run thought, read from its output: the search tree or the plan, checked before use."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pydantic import TypeAdapter, ValidationError

from churon.cli.common import visible
from churon.graphs.contract import RagOutput
from churon.tools.errors import InputError
from churon.tools.types import PlanStep, StepResult, TreeNode

_UNDRAWABLE = re.compile("[\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
"""Half characters, what XML forbids, and what turns the direction of the text around it."""
_DAMAGED = "Ask again with `churon ask --json`: the recorded run is damaged."


@dataclass(frozen=True)
class Tree:
    """The search tree of an mcts_rag run; parents before children."""

    nodes: list[TreeNode]
    winner: str | None

    def path(self) -> set[str]:
        """The winner and its ancestors."""
        return path_to(self.nodes, self.winner)


@dataclass(frozen=True)
class Plan:
    """The plan of a cot_rag run as it was last, with what became of its steps."""

    steps: list[PlanStep]
    results: Mapping[str, StepResult]


def path_to(nodes: list[TreeNode], winner: str | None) -> set[str]:
    """A node and its ancestors; nothing for a node that is not there."""
    parents = {node["id"]: node["parent"] for node in nodes}
    path: set[str] = set()
    while winner in parents and winner not in path:
        path.add(winner)
        winner = parents[winner]
    return path


def tree_of(output: RagOutput) -> Tree | None:
    """The tree, if the run built one. Raises InputError where it is damaged."""
    nodes: list[TreeNode] | None = None
    winner: str | None = None
    for step in output["steps"]:
        if step.get("step") == "tree":
            nodes = _checked(list[TreeNode], step.get("nodes"), "tree")
        elif step.get("step") == "winner":
            winner = step.get("node")
    if not nodes:
        return None
    _check_tree(nodes)
    won = isinstance(winner, str) and output["status"] != "abstained"  # all winners were refused
    return Tree(nodes, winner if won else None)


def _check_tree(nodes: list[TreeNode]) -> None:
    seen: set[str] = set()
    for node in nodes:
        orphan = node["parent"] not in seen if seen else node["parent"] is not None
        if orphan or node["id"] in seen:
            raise InputError(f"The tree's node {node['id']!r} is out of place.", remedy=_DAMAGED)
        if not (0 <= node["N"] < 2**31 and math.isfinite(node["Q"])):
            raise InputError(f"The tree's node {node['id']!r} has no count.", remedy=_DAMAGED)
        seen.add(node["id"])


def plan_of(output: RagOutput) -> Plan | None:
    """The last plan with its results, if there is one. Raises InputError where it is damaged."""
    steps: list[PlanStep] = []
    results: dict[str, StepResult] = {}
    for step in output["steps"]:
        if step.get("step") == "plan":
            before = {one["id"]: one["question"] for one in steps}
            steps = _checked(list[PlanStep], step.get("plan"), "plan")
            # A new plan may give an unresolved step's number to another question
            kept = {one["id"] for one in steps if before.get(one["id"]) == one["question"]}
            results = {key: result for key, result in results.items() if key in kept}
        elif step.get("step") == "result":
            result = _checked(StepResult, step.get("result"), "result")
            results[result["id"]] = result
    if not steps:
        return None
    _check_plan(steps)
    return Plan(steps, results)


def _check_plan(steps: list[PlanStep]) -> None:
    ids = [step["id"] for step in steps]
    if len(set(ids)) < len(ids):
        raise InputError("The plan has two steps of one number.", remedy=_DAMAGED)
    try:
        TopologicalSorter({step["id"]: step["depends_on"] for step in steps}).prepare()
    except CycleError as error:
        raise InputError("The plan's steps wait for each other.", remedy=_DAMAGED) from error


def kinds(output: RagOutput) -> str:
    """The kinds of steps that a run recorded, for a message."""
    names = dict.fromkeys(plain(str(step.get("step", "?"))) for step in output["steps"])
    return ", ".join(list(names)[:8]) or "none"


def mean(node: TreeNode) -> float | None:
    """Q/N, None where no rollout went through."""
    return node["Q"] / node["N"] if node["N"] else None


def asked(node: TreeNode, root: TreeNode) -> str:
    """What the node asked; an end that answers the whole question need not repeat it."""
    query = plain(node["query"])
    repeated = node["terminal"] and node is not root and query == plain(root["query"])
    return "" if repeated else query


def plain(text: str) -> str:
    """`text` on one line, in composed letters, without what steers a terminal or breaks a file."""
    safe = _UNDRAWABLE.sub("\N{REPLACEMENT CHARACTER}", visible(" ".join(text.splitlines())))
    return " ".join(unicodedata.normalize("NFC", safe).split())


def _checked(kind: Any, value: Any, name: str) -> Any:
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(
            f"The run's {name} cannot be read: {plain(place)} {first['msg'].lower()}.",
            remedy=_DAMAGED,
        ) from error
