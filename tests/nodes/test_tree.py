"""The search tree's invariants over random searches; UCT, virtual loss, rewards, equal states."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churon.nodes.menu import actions, children_left, simulated
from churon.nodes.outlook import outlook
from churon.nodes.search import step
from churon.nodes.tree import (
    ROOT,
    Tree,
    backpropagate,
    children,
    grow,
    new_tree,
    path_to,
    select,
    uct,
)
from churon.tools.context import RagContext
from churon.tools.types import Draft, Judgement, Play, TreeNode

CONTEXTS = st.builds(
    RagContext,
    profile=st.sampled_from(["lite", "standard", "deep"]),
    faithful=st.booleans(),
    rollouts=st.integers(1, 12),
    leaves=st.integers(1, 5),
    tree_depth=st.integers(2, 6),
    exploration=st.floats(0, 4),
    seed=st.integers(0, 1_000),
)


def draft(answer: str = "", *, query: str = "q?", terminal: bool = False, text: str = "") -> Draft:
    return Draft(
        text=text, query=query, answer=answer, evidence_ids=[], claims=[], terminal=terminal
    )


def made(dice: random.Random, play: Play) -> Draft | None:
    """What a whimsical model writes for an action; None where it failed."""
    if dice.random() < 0.1:
        return None
    kind = play["action"].partition("#")[0]
    answer = dice.choice(["", "Aren", "Vesk", f"{dice.random()}"])
    return draft(
        answer,
        query=dice.choice(["q?", "r?", f"{dice.random()}?"]),
        terminal=kind in ("summarise", "direct"),
        text=dice.choice(["", "It is so."]),
    )


def judged(node: TreeNode, dice: random.Random) -> Judgement | None:
    if not node["terminal"] or dice.random() < 0.05:
        return None
    value = dice.choice([0.0, 1.0, round(dice.random(), 4)])
    given = draft(node["answer"], query=node["query"], terminal=True, text=node["text"])
    return Judgement(draft=given, value=value, vote=value, s_sup=None)


def search(context: RagContext, seed: int) -> tuple[list[Tree], str, int]:
    """A whole search with a random model: the tree at rest after every round, why it ended, N."""
    dice, tree, begun, done = random.Random(seed), new_tree("q?"), 0, 0
    rest, ended = [tree], ""
    while not ended:
        count = min(context.leaves, context.rollouts - done)
        tree, plays = select(tree, context, count, begun)
        begun += len(plays)
        if not plays:
            return rest, "exhausted", done
        assert 0 < tree[ROOT]["virtual_loss"] == len(plays)
        while any(play["action"] for play in plays):
            moved = []
            for play in plays:
                if play["action"]:
                    tree, play = step(tree, play, made(dice, play), context)
                moved.append(play)
            plays = moved
        for play in plays:
            judgement = judged(tree[play["at"]], dice)
            tree = backpropagate(tree, play, judgement)
            done += judgement is not None
        rest.append(tree)
        ended, _ = outlook(tree, context, done)
        assert len(rest) < 200, "the search does not end"
    return rest, ended, done


@settings(max_examples=150, deadline=None)
@given(CONTEXTS, st.integers(0, 10_000))
def test_invariants_hold_after_every_round(context: RagContext, seed: int) -> None:
    trees, ended, done = search(context, seed)
    for tree in trees:
        for node in tree.values():
            below = children(tree, node["id"])
            assert sum(child["N"] for child in below) <= node["N"]
            assert 0.0 <= node["Q"] <= node["N"] + 1e-9
            assert node["virtual_loss"] == 0
            assert node["depth"] <= context.tree_depth
            assert [n["depth"] for n in path_to(tree, node["id"])] == list(range(node["depth"] + 1))
            assert not (node["terminal"] and below)
    last = trees[-1]
    assert last[ROOT]["N"] == done <= context.rollouts
    assert sum(node["N"] for node in last.values() if node["terminal"]) == done
    for earlier, later in pairwise(trees):
        assert all(later[key]["N"] >= node["N"] for key, node in earlier.items())
    assert ended in {"rollouts", "exhausted", "cannot_be_overtaken", "agreement", "hopeless"}


@settings(max_examples=40, deadline=None)
@given(CONTEXTS, st.integers(0, 10_000))
def test_the_same_seed_and_model_give_the_same_tree(context: RagContext, seed: int) -> None:
    assert search(context, seed) == search(context, seed)


def node(**changes: Any) -> TreeNode:
    return {**new_tree("q?")[ROOT], **changes}  # type: ignore[typeddict-item]


def test_uct_is_the_formula() -> None:
    parent, child = node(N=9), node(N=4, Q=3.0)
    assert uct(child, parent, 2.0) == pytest.approx(3 / 4 + 2 * math.sqrt(math.log(9) / 4))
    assert uct(node(), parent, 2.0) == math.inf


def test_rollouts_under_way_are_visits_of_parent_and_child() -> None:
    parent, child = node(N=5, virtual_loss=3), node(N=1, Q=1.0, virtual_loss=1)
    assert uct(child, parent, 2.0) == pytest.approx(1 / 2 + 2 * math.sqrt(math.log(8) / 2))


def test_a_child_whose_actions_all_failed_was_visited_in_vain() -> None:
    parent, child = node(N=4), node(tried=["summarise", "transform"])
    assert uct(child, parent, 2.0) == pytest.approx(2 * math.sqrt(math.log(4) / 2))
    assert uct(child, node(), 2.0) == 0.0


@given(st.integers(1, 50), st.floats(0, 1), st.integers(0, 5), st.floats(0, 5))
def test_a_virtual_loss_never_makes_a_node_more_attractive(
    n: int, mean: float, loss: int, c: float
) -> None:
    parent = node(N=n + 10, virtual_loss=loss + 1)
    calm = uct(node(N=n, Q=mean * n, virtual_loss=loss), parent, c)
    busy = uct(node(N=n, Q=mean * n, virtual_loss=loss + 1), parent, c)
    assert busy <= calm + 1e-12


def test_rollouts_at_once_take_different_actions() -> None:
    tree, plays = select(new_tree("q?"), RagContext(leaves=3), 3, 0)
    assert [(play["at"], play["action"]) for play in plays] == [
        (ROOT, "retrieve"), (ROOT, "transform"), (ROOT, "transform#2"),
    ]  # fmt: skip
    assert tree[ROOT]["virtual_loss"] == 3
    assert select(tree, RagContext(), 1, 3)[1] == []  # nothing is open


def test_the_papers_expand_in_random_order_by_seed() -> None:
    def order(seed: int) -> tuple[str, ...]:
        context = RagContext(faithful=True, profile="standard", seed=seed)
        return tuple(play["action"] for play in select(new_tree("q?"), context, 6, 0)[1])

    orders = {order(seed) for seed in range(8)}
    assert len(orders) > 4 and len({frozenset(one) for one in orders}) == 1
    assert order(1) == order(1)


def test_of_equally_good_leaves_any_may_be_taken() -> None:
    tree, names = new_tree("q?"), {"n1", "n2", "n3", "n4"}
    for number in range(4):
        play = Play(id=f"r{number}", at=ROOT, action="retrieve", locked=[])
        tree, play = grow(tree, play, draft(f"fact {number}"))
        tree = backpropagate(tree, play, None)
    tree[ROOT] = {**tree[ROOT], "tried": children_left(tree[ROOT], RagContext())}
    assert {select(tree, RagContext(seed=n), 1, 0)[1][0]["at"] for n in range(30)} == names


def played(*values: float) -> tuple[Tree, str]:
    """One terminal node that as many rollouts came to."""
    tree, at = new_tree("q?"), ROOT
    for number, value in enumerate(values):
        play = Play(id=f"r{number}", at=ROOT, action="direct", locked=[])
        tree, play = grow(tree, play, draft("Aren", terminal=True))
        given = Judgement(draft=draft("Aren", terminal=True), value=value, vote=value, s_sup=None)
        tree, at = backpropagate(tree, play, given), play["at"]
    return tree, at


def test_rewards_of_all_rollouts_add_up_on_the_whole_path() -> None:
    tree, end = played(0.5, 0.25, 0.5)
    assert len(tree) == 2
    for key in (ROOT, end):
        assert (tree[key]["N"], tree[key]["Q"]) == (3, pytest.approx(1.25))


def test_a_nodes_value_stays_what_was_judged_first() -> None:
    tree, end = played(0.5, 0.25)
    assert (tree[end]["value"], tree[end]["vote"]) == (0.5, 0.5)


def test_equal_states_are_one_node() -> None:
    context = RagContext()
    tree, (first, second) = select(new_tree("q?"), context, 2, 0)
    tree, first = grow(tree, first, draft("Aren", query="Which town?"))
    again = {**second, "action": "retrieve"}
    tree, second = grow(tree, again, draft("aren.", query="which  town"))
    assert first["at"] == second["at"] and len(tree) == 2
    assert tree[first["at"]]["virtual_loss"] == 2
    for play in (first, second):
        tree = backpropagate(tree, play, None)
    assert all(node["virtual_loss"] == 0 for node in tree.values())


def test_a_query_that_led_to_what_was_found_before_is_no_new_state() -> None:
    tree, (first, second) = select(new_tree("q?"), RagContext(), 2, 0)
    tree, first = grow(tree, first, draft("Aren", query="a?"))
    tree, second = grow(tree, second, draft("", query="b?"))
    tree, third = grow(tree, {**second, "action": "retrieve"}, draft("Aren", query="a?"))
    assert third["at"] == first["at"]


def test_an_answer_is_no_fact_on_the_way() -> None:
    tree, (first, second) = select(new_tree("q?"), RagContext(), 2, 0)
    tree, first = grow(tree, first, draft("Aren", query="a?"))
    end = draft("Aren", query="a?", terminal=True)
    tree, second = grow(tree, {**second, "action": "summarise"}, end)
    assert second["at"] != first["at"]


def test_queries_that_wait_to_be_searched_for_are_told_apart() -> None:
    tree, plays = select(new_tree("q?"), RagContext(), 3, 0)
    made_at = []
    for play, query in zip(plays, ("a?", "b?", "A"), strict=True):
        tree, play = grow(tree, {**play, "action": "transform"}, draft(query=query))
        made_at.append(play["at"])
    assert made_at[1] != made_at[0] == made_at[2]


def test_the_same_answer_on_another_path_is_another_node() -> None:
    tree, (first, second) = select(new_tree("q?"), RagContext(), 2, 0)
    tree, first = grow(tree, first, draft("Aren", query="a?"))
    tree, second = grow(tree, {**second, "action": "subquestion"}, draft("", query="b?"))
    tree, third = grow(tree, {**second, "action": "retrieve"}, draft("Aren", query="a?"))
    assert third["at"] != first["at"] and len(tree) == 4


@pytest.mark.parametrize("profile", ["lite", "standard"])
def test_at_the_depth_limit_only_an_answer_is_left(profile: Any) -> None:
    context = RagContext(profile=profile, tree_depth=3)
    deep = node(depth=2, action="retrieve")
    assert set(actions(deep, context)) <= {"summarise", "direct"}
    assert "summarise" in actions(deep, context)
    assert actions(node(terminal=True), context) == ()


@pytest.mark.parametrize(
    ("query", "answer", "action"),
    [
        ("r?", "Aren", "transform"),
        ("r?", "", "summarise"),
        ("q?", "Aren", "summarise"),  # the question itself is answered
    ],
)
def test_only_after_a_fact_on_the_way_is_the_next_one_looked_for(
    query: str, answer: str, action: str
) -> None:
    at = node(action="retrieve", depth=1, query=query, answer=answer)
    assert simulated(at, "q?", RagContext(tree_depth=8), "r0") == action


def test_an_answer_that_could_not_be_given_is_no_end() -> None:
    context = RagContext()
    tree, [play] = select(new_tree("q?"), context, 1, 0)
    tree, play = step(tree, play, draft("", query="q?"), context)
    assert play["action"] == "summarise"
    tree, play = step(tree, play, draft("", terminal=True), context)
    assert play["action"] == "transform" and not any(n["terminal"] for n in tree.values())
