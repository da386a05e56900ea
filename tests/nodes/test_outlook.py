"""Why a search ends, and which answer leads: groups by meaning, ranked by their rewards."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import reasoned

from churon.nodes.menu import children_left
from churon.nodes.outlook import cannot_be_overtaken, outlook, ranked
from churon.nodes.tree import ROOT, Tree
from churon.tools.context import RagContext


def ends(*values: tuple[str, float]) -> Tree:
    """A tree with one terminal node an (answer, value)."""
    rewards = [value for _, value in values]
    tree = {ROOT: reasoned.node(ROOT, query="q?", N=len(rewards), Q=sum(rewards))}
    for number, (answer, value) in enumerate(values, 1):
        given_ = {"depth": 1, "answer": answer, "N": 1, "Q": value, "value": value, "vote": 1.0}
        tree[f"n{number}"] = reasoned.node(f"n{number}", ROOT, "direct", **given_)
    return tree


@pytest.mark.parametrize(
    ("values", "rollouts", "reason"),
    [
        ([("Aren", 0.9), ("Aren", 0.9)], 2, "rollouts"),
        ([("Aren", 0.9), ("Aren", 0.9)], 3, "cannot_be_overtaken"),
        ([("Aren", 0.9), ("Aren", 0.9), ("Vesk", 0.5)], 4, "cannot_be_overtaken"),
        ([("Aren", 0.9), ("Vesk", 0.5)], 3, ""),
        ([("Aren", 0.9), ("Aren", 0.9), ("Vesk", 0.9)], 4, ""),  # the last one could tie
        ([("Aren", 0.5), ("Aren.", 0.5), ("the Aren", 0.5)], 12, "agreement"),
        ([("Aren", 0.5), ("Aren", 0.5)], 12, ""),  # two trajectories are too few
        ([("Aren", 0.01), ("Vesk", 0.01), ("Orrin", 0.0)], 12, "hopeless"),
        ([("Aren", 0.01)], 12, ""),  # one poor rollout is no reason
    ],
)
def test_every_reason_to_stop(values: Any, rollouts: int, reason: str) -> None:
    context = RagContext(rollouts=rollouts)
    assert outlook(ends(*values), context, len(values))[0] == reason


def test_the_papers_stop_by_rollouts_alone() -> None:
    tree = ends(("Aren", 1.0), ("Aren", 1.0), ("Aren", 1.0))
    assert outlook(tree, RagContext(rollouts=4, faithful=True), 3)[0] == ""


def test_a_search_without_open_leaves_is_exhausted() -> None:
    context = RagContext(rollouts=99)
    tree = ends(("Aren", 0.5))
    tree[ROOT] = {**tree[ROOT], "tried": children_left(tree[ROOT], context)}
    assert outlook(tree, context, 1)[0] == "exhausted"


def test_leaves_that_were_never_valued_are_no_poor_ones() -> None:
    tree = {ROOT: reasoned.node(ROOT, query="q?", N=3)}
    assert outlook(tree, RagContext(rollouts=12), 3)[0] == "hopeless"
    tree["n1"] = reasoned.node("n1", ROOT, "retrieve", depth=1)
    assert outlook(tree, RagContext(rollouts=12), 3)[0] == ""


@given(
    st.lists(st.floats(0, 5), max_size=4),
    st.integers(0, 4),
    st.lists(st.tuples(st.integers(0, 5), st.floats(0, 1)), max_size=4),
)
def test_what_cannot_be_overtaken_is_not_overtaken(
    scores: list[float], left: int, rewards: list[tuple[int, float]]
) -> None:
    scores = sorted(scores, reverse=True)
    if not cannot_be_overtaken(scores, left):
        return
    final = dict(enumerate(scores))
    for place, value in rewards[:left]:  # a place beyond the known ones is a new answer
        final[place] = final.get(place, 0.0) + value
    assert max(final, key=lambda place: final[place]) == 0


def test_groups_are_ranked_by_their_rewards() -> None:
    ranking = ranked(ends(("Vesk", 0.9), ("Aren", 0.6), ("aren", 0.6), ("", 0.0)))
    assert [(group["answer"], len(group["nodes"])) for group in ranking] == [
        ("Aren", 2),
        ("Vesk", 1),
    ]
    assert sum(group["share"] for group in ranking) == pytest.approx(1.0)


def test_what_a_model_found_equal_is_one_group() -> None:
    tree = ends(("Seoul", 0.5), ("서울", 0.6), ("Busan", 0.7))
    [first, second] = ranked(tree, [["n1", "n2"]])
    assert set(first["nodes"]) == {"n1", "n2"} and second["answer"] == "Busan"


def test_an_answer_counts_every_rollout_that_came_to_it() -> None:
    tree = ends(("Vesk", 0.9), ("Aren", 0.5))
    tree["n2"] |= {"N": 3, "Q": 1.25}
    assert [(group["answer"], group["score"]) for group in ranked(tree)] == [
        ("Aren", 1.25),
        ("Vesk", 0.9),
    ]


def test_of_equal_answers_the_best_valued_speaks() -> None:
    [group] = ranked(ends(("aren", 0.2), ("Aren", 0.9)))
    assert (group["answer"], group["nodes"]) == ("Aren", ["n2", "n1"])
