"""Which actions a node of the search tree allows (MCTS-RAG, section 3.1; AirRAG's lite). Pure.

`lite` = retrieve and answer, transform the query, summarise: most of the gain for a fraction of
the calls (AirRAG, arXiv 2501.10053, table 4). `standard` and `deep` = the paper's A1 to A6.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from churon.tools.context import RagContext
from churon.tools.types import Action, TreeNode

_LITE: Mapping[Action, tuple[str, ...]] = {
    "root": ("retrieve", "transform", "transform#2"),
    "transform": ("retrieve",),
    "retrieve": ("summarise", "transform", "transform#2"),
}
_INNER = ("summarise", "retrieve", "subquestion", "reason")
_FULL: Mapping[Action, tuple[str, ...]] = {
    "root": ("retrieve", "decompose", "subquestion", "reason", "direct", "decompose#2"),
    "retrieve": _INNER,
    "decompose": _INNER,
    "subquestion": _INNER,
    "reason": _INNER,
}
MAX_VOTES = {"lite": 3, "standard": 5, "deep": 7}
"""Most answers sampled in one terminal node; two where they agree."""
FAITHFUL_VOTES = 10
MAX_CALLS = {"lite": 40}
"""Model calls of a whole search, whatever the run's own limit."""
ROLLOUT_CALLS = 9
"""What one rollout of `lite` may cost: two hops of query and reading, two summaries, votes."""
FINAL_CALLS = 10
"""Grouping the answers, writing and checking the winner and the runner-up, keeping the language."""
WINNER_CALLS = 7
"""Grouping, writing and checking the winner alone: of a run's own limit no more is set aside."""


def actions(node: TreeNode, context: RagContext) -> tuple[str, ...]:
    """All that may be done from here, in order of promise; at the depth limit only an answer."""
    if node["terminal"]:
        return ()
    lite = context.profile == "lite" and not context.faithful
    if node["depth"] + 1 < context.tree_depth:
        allowed = (_LITE if lite else _FULL).get(node["action"], ())
        # a query needs a level to be searched for and one to be summed up
        room = node["depth"] + 3 <= context.tree_depth
        return tuple(name for name in allowed if room or not name.startswith("transform"))
    return ("summarise",) if lite else ("summarise", "direct")


def children_left(node: TreeNode, context: RagContext) -> list[str]:
    """Actions that were not tried from here."""
    return [action for action in actions(node, context) if action not in node["tried"]]


def is_open(node: TreeNode, context: RagContext) -> bool:
    """Something is left to try from this node itself."""
    return bool(children_left(node, context))


def simulated(node: TreeNode, question: str, context: RagContext, play: str) -> str:
    """The next action of a rollout below the node it expanded, "" in a terminal node.

    The quickest way to an answer: search for a query that was just thought of; after a fact on the
    way look for the next one; else sum up. As the paper prints it (`faithful`), a random one.
    """
    left = children_left(node, context)
    if not left:
        return ""
    if context.faithful:
        return random.Random(f"{context.seed}/{play}/{node['id']}").choice(left)
    further = [action for action in left if action.startswith(("transform", "retrieve"))]
    if further and node["action"] != "decompose" and node["query"] != question and node["answer"]:
        return further[0]
    return "summarise" if "summarise" in left else left[0]


def max_votes(context: RagContext) -> int:
    """Most answers sampled in one terminal node; at temperature 0 all are the same one."""
    if not context.sampling:
        return 1
    return FAITHFUL_VOTES if context.faithful else MAX_VOTES[context.profile]
