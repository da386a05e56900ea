"""Certified top n: exact whenever half precision errs by no more than the bound."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churon.tools.rerank.certified import ErrorBound, certified

# Scores on a grid, so that ties and near ties happen
grid = st.integers(-40, 40).map(lambda n: n / 8)
pairs = st.lists(st.tuples(grid, st.integers(-4, 4).map(lambda n: n / 16)), max_size=30)


def ranking(scores: list[float], top_n: int) -> list[float]:
    return sorted(scores, reverse=True)[:top_n]


@given(pairs, st.integers(1, 12), st.sampled_from([0.25, 0.3, 1.0]))
@settings(max_examples=400, deadline=None)
def test_the_best_are_exact_in_score_and_order(
    scores: list[tuple[float, float]], top_n: int, value: float
) -> None:
    exact = [score for score, _ in scores]
    coarse = [score + error for score, error in scores]  # errors of at most 0.25
    asked: list[int] = []

    def again(places: list[int]) -> list[float]:
        asked.extend(places)
        return [exact[place] for place in places]

    bound = ErrorBound(value)
    found = certified(coarse, again, top_n, bound)
    assert ranking(found, top_n) == ranking(exact, top_n)
    best = sorted(range(len(found)), key=lambda n: -found[n])[:top_n]
    assert all(found[place] == exact[place] for place in best)
    assert len(asked) == len(set(asked))  # nothing is scored three times


def test_only_what_is_near_the_cut_is_scored_again() -> None:
    coarse = [9.0, 5.0, 4.9, 1.0, 0.0]
    asked: list[int] = []
    certified(coarse, lambda places: asked.extend(places) or [coarse[p] for p in places], 2,
              ErrorBound(0.1))  # fmt: skip
    assert asked == [0, 1, 2]


def test_an_error_beyond_the_bound_widens_it_and_what_follows_is_scored() -> None:
    coarse, exact = [5.0, 4.0, 3.0, 0.0], [5.0, 3.2, 3.9, 0.0]
    bound = ErrorBound(0.01)
    found = certified(coarse, lambda places: [exact[p] for p in places], 2, bound)
    assert bound.value == pytest.approx(2 * 0.9)  # with a margin
    assert sorted(range(4), key=lambda n: -found[n])[:2] == [0, 2]


def test_none_is_none() -> None:
    assert certified([], lambda places: [], 3, ErrorBound(0.1)) == []


def test_passages_that_look_the_same_are_scored_again_together() -> None:
    coarse = [5.0, 4.0, 4.0, 4.0, 1.0]
    asked: list[list[int]] = []
    certified(coarse, lambda places: asked.append(places) or [coarse[p] for p in places], 2,
              ErrorBound())  # fmt: skip
    assert asked == [[0, 1, 2, 3]]


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [0, 1, 7])
def test_scores_that_are_no_numbers_are_made_exact_and_teach_nothing(
    odd: float, place: int
) -> None:
    exact = [float(20 - n) for n in range(20)]
    coarse = [odd if n == place else score for n, score in enumerate(exact)]
    bound = ErrorBound(0.1, 0.05)
    found = certified(coarse, lambda places: [exact[p] for p in places], 3, bound)
    assert found == exact and bound == ErrorBound(0.1, 0.05)


def test_all_may_be_no_numbers() -> None:
    exact = [1.0, 3.0, 2.0]
    found = certified([math.inf] * 3, lambda places: [exact[p] for p in places], 2, ErrorBound())
    assert found == exact


def test_an_error_is_learned_beside_one_that_is_no_number() -> None:
    bound = ErrorBound()
    bound.learn([math.nan, 5.0, math.inf], [1.0, 1.0, 1.0])
    assert bound.seen == 4.0
