"""Is the search decided? Every rule to stop, and the groups of answers they rest on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churon.nodes.meaning import groups
from churon.nodes.menu import is_open
from churon.nodes.trail import as_draft
from churon.tools.context import RagContext
from churon.tools.types import AnswerGroup, Judgement, TreeNode

AGREED = 0.9
"""Share of the scores that ends the search, once DISTINCT trajectories say so."""
DISTINCT = 3
TOP = 1.0
"""The most that one rollout can be worth."""


def outlook(
    tree: Mapping[str, TreeNode], context: RagContext, done: int
) -> tuple[str, dict[str, Any]]:
    """The reason to stop, "" for none, and the leading answer with its share.

    `rollouts`: all were played. `cannot_be_overtaken`: not even the best value in every rollout
    left would change the winner. `agreement`: nearly all scores on one answer of several
    trajectories. `hopeless`: every open leaf is valued below the threshold. `exhausted`: no open
    leaf. The papers stop by the number of rollouts alone (`faithful`). One more reason,
    `call_cap`, is found at selection.
    """
    ranking = ranked(tree)
    best = {"answer": ranking[0]["answer"], "share": ranking[0]["share"]} if ranking else {}
    return _reason(tree, context, done, ranking), best


def _reason(
    tree: Mapping[str, TreeNode], context: RagContext, done: int, ranking: Sequence[AnswerGroup]
) -> str:
    left = context.rollouts - done
    if left <= 0:
        return "rollouts"
    leaves = [node for node in tree.values() if is_open(node, context)]
    if not leaves:
        return "exhausted"
    if context.faithful:
        return ""
    if cannot_be_overtaken([group["score"] for group in ranking], left):
        return "cannot_be_overtaken"
    if ranking and ranking[0]["share"] >= AGREED and len(ranking[0]["nodes"]) >= DISTINCT:
        return "agreement"
    poor = all(leaf["N"] and leaf["Q"] / leaf["N"] < context.hopeless for leaf in leaves)
    if poor and done >= DISTINCT:
        return "hopeless"
    return ""


def cannot_be_overtaken(scores: Sequence[float], left: int) -> bool:
    """Whether the first of these sums, best first, stays first whatever `left` rollouts bring.

    All others together may win them all: a new answer can show that they mean the same.
    """
    return bool(scores) and scores[0] > sum(scores[1:]) + left * TOP


def ranked(tree: Mapping[str, TreeNode], merged: Sequence[Sequence[str]] = ()) -> list[AnswerGroup]:
    """Answers grouped by meaning, best first; `merged` are sets of nodes that a model found equal.

    A terminal node counts once for each rollout that came to it: its Q is the sum of its rewards.
    """
    ends = [node for node in tree.values() if node["terminal"] and node["answer"] and node["N"]]
    keys = [node["id"] for node in ends]
    parts = [{keys[place] for place in group} for group in groups([n["answer"] for n in ends])]
    for equal in merged:
        joined = [part for part in parts if part & set(equal)]
        parts = [part for part in parts if part not in joined] + [set().union(*joined)]
    total = sum(node["Q"] for node in ends)
    made = [_group(tree, part, total) for part in parts if part]
    return sorted(made, key=lambda group: (-group["score"], int(group["nodes"][0][1:])))


def _group(tree: Mapping[str, TreeNode], part: set[str], total: float) -> AnswerGroup:
    nodes = sorted(part, key=lambda key: (-(tree[key]["value"] or 0.0), int(key[1:])))
    score = sum(tree[key]["Q"] for key in nodes)
    return AnswerGroup(
        answer=tree[nodes[0]]["answer"],
        nodes=nodes,
        score=score,
        share=score / total if total else 0.0,
    )


def rewarded(node: TreeNode) -> Judgement | None:
    """The judgement of a terminal node that was evaluated before; None of any other."""
    if node["value"] is None:
        return None
    draft, vote = as_draft(node), node["vote"] or 0.0
    return Judgement(draft=draft, value=node["value"], vote=vote, s_sup=node["s_sup"])
