"""MCTS-RAG's search tree (arXiv 2503.20757, section 3): a dict of plain nodes. Pure functions.

Invariants, which the tests hold: N of the root is the number of backpropagated rollouts; the
children's N sum to at most their parent's; 0 <= Q/N <= 1; no virtual loss is left at rest.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

from churon.nodes.decide import normalised
from churon.nodes.menu import children_left, is_open
from churon.tools.context import RagContext
from churon.tools.types import Action, Draft, Judgement, Play, TreeNode

ROOT = "n0"
Tree = dict[str, TreeNode]


def new_tree(question: str) -> Tree:
    """A root and nothing else; the root's query is the question."""
    draft = Draft(text="", query=question, answer="", evidence_ids=[], claims=[], terminal=False)
    return {ROOT: _node(ROOT, None, 0, "root", draft)}


def path_to(tree: Mapping[str, TreeNode], key: str) -> list[TreeNode]:
    """From the root to the node, both included."""
    path = [tree[key]]
    while (parent := path[-1]["parent"]) is not None:
        path.append(tree[parent])
    return path[::-1]


def children(tree: Mapping[str, TreeNode], key: str) -> list[TreeNode]:
    """In the order they were made."""
    return [node for node in tree.values() if node["parent"] == key]


def uct(child: TreeNode, parent: TreeNode, exploration: float) -> float:
    """Q/N + C sqrt(ln N_parent / N); a rollout under way counts as one that brought nothing.

    Infinite for a child that was never visited.
    """
    # a child whose actions all failed was visited too, in vain
    visits = child["N"] + child["virtual_loss"] or len(child["tried"])
    if not visits:
        return math.inf
    above = max(1, parent["N"] + parent["virtual_loss"])
    return child["Q"] / visits + exploration * math.sqrt(math.log(above) / visits)


def select(tree: Tree, context: RagContext, count: int, first: int) -> tuple[Tree, list[Play]]:
    """At most `count` rollouts to begin, numbered from `first`; fewer where no node is open."""
    grown, plays = dict(tree), []
    for number in range(first, first + count):
        dice = random.Random(f"{context.seed}/select/{number}")
        found = _descend(grown, context, dice)
        if found is None:
            break
        path, action = found
        _lock(grown, path)
        # an action that is under way is not begun a second time
        last = grown[path[-1]]
        grown[path[-1]] = {**last, "tried": [*last["tried"], action]}
        plays.append(Play(id=f"r{number}", at=path[-1], action=action, locked=path))
    return grown, plays


def _descend(tree: Tree, context: RagContext, dice: random.Random) -> tuple[list[str], str] | None:
    """Down by UCT to the first node with an untried action; None when nothing is open."""
    live = open_nodes(tree, context)
    key, path = ROOT, [ROOT]
    while ROOT in live:
        node = tree[key]
        if left := children_left(node, context):
            return path, dice.choice(left) if context.faithful else left[0]
        below = [child for child in children(tree, key) if child["id"] in live]
        scores = [uct(child, node, context.exploration) for child in below]
        best = [c for c, score in zip(below, scores, strict=True) if score == max(scores)]
        key = dice.choice(best)["id"]
        path.append(key)
    return None


def open_nodes(tree: Mapping[str, TreeNode], context: RagContext) -> set[str]:
    """Nodes from which something is left to try, themselves or below."""
    live: set[str] = set()
    for node in tree.values():
        if is_open(node, context):
            live |= {above["id"] for above in path_to(tree, node["id"])}
    return live


def grow(tree: Tree, play: Play, draft: Draft) -> tuple[Tree, Play]:
    """The play's action made this: a new node, or the equal one that is there already."""
    grown = dict(tree)
    action = base(play["action"])
    twin = _twin(grown, play["at"], draft, action)
    if twin is None:
        twin = f"n{len(grown)}"
        depth = grown[play["at"]]["depth"] + 1
        grown[twin] = _node(twin, play["at"], depth, action, draft)
    locked = play["locked"]
    if twin not in locked:
        _lock(grown, [twin])
        locked = [*locked, twin]
    return grown, {**play, "at": twin, "action": "", "locked": locked}


def mark_tried(tree: Tree, key: str, action: str) -> Tree:
    """The tree with one more action of this node under way or done."""
    node = tree[key]
    return {**tree, key: {**node, "tried": [*node["tried"], action]}}


def _twin(tree: Mapping[str, TreeNode], parent: str, draft: Draft, action: Action) -> str | None:
    """A node in an equal state: the same question asked and answered, on the same path or another.

    The order in which things were found does not matter.
    """
    wanted = _state(path_to(tree, parent), draft, action)
    for node in tree.values():
        above = node["parent"]
        if above and _state(path_to(tree, above), node, node["action"]) == wanted:
            return node["id"]
    return None


def _state(
    path: Sequence[TreeNode], last: TreeNode | Draft, action: Action
) -> tuple[frozenset[str], str, bool]:
    """What was found along the path, what waits to be searched for, and whether it has ended."""
    # the root's question is every path's, and a query that led on shows in what it found
    inner = [node for node in path[1:] if node["action"] != "transform"]
    waiting = action == "transform"
    held = inner if waiting else [*inner, last]
    said = [f"{node['query']}\n{node['answer']}\n{node['text']}" for node in held]
    query = normalised(last["query"]) if waiting else ""
    return frozenset(normalised(one) for one in said), query, last["terminal"]


def backpropagate(tree: Tree, play: Play, judged: Judgement | None) -> Tree:
    """Takes the virtual loss off; with a judgement, its value goes into every node above."""
    grown = dict(tree)
    for key in play["locked"]:
        grown[key] = {**grown[key], "virtual_loss": grown[key]["virtual_loss"] - 1}
    if judged is None:
        return grown
    end = grown[play["at"]]
    if end["value"] is None:
        draft = judged["draft"]
        grown[play["at"]] = {
            **end,
            "text": draft["text"],
            "answer": draft["answer"],
            "evidence_ids": draft["evidence_ids"],
            "claims": draft["claims"],
            "value": judged["value"],
            "vote": judged["vote"],
            "s_sup": judged["s_sup"],
        }
    for node in path_to(grown, play["at"]):
        key = node["id"]
        grown[key] = {**node, "N": node["N"] + 1, "Q": node["Q"] + judged["value"]}
    return grown


def base(action: str) -> Action:
    """The action without its sample's number."""
    return action.partition("#")[0]  # type: ignore[return-value]


def _lock(tree: Tree, path: Sequence[str]) -> None:
    for key in path:
        tree[key] = {**tree[key], "virtual_loss": tree[key]["virtual_loss"] + 1}


def _node(key: str, parent: str | None, depth: int, action: Action, draft: Draft) -> TreeNode:
    return TreeNode(
        id=key,
        parent=parent,
        depth=depth,
        action=action,
        text=draft["text"],
        query=draft["query"],
        answer=draft["answer"],
        evidence_ids=draft["evidence_ids"],
        claims=draft["claims"],
        tried=[],
        N=0,
        Q=0.0,
        virtual_loss=0,
        terminal=draft["terminal"],
        value=None,
        vote=None,
        s_sup=None,
    )
