"""The score cache: right scores, bounded, counted."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churon.tools.rerank.cache import ScoreCache


def scored(
    cache: ScoreCache, scorer: str, query: str, passages: list[str]
) -> tuple[list[str], int]:
    """Through the cache with a scorer that knows its name; the scores, and how many it made."""
    made: list[int] = []

    def score(places: list[int]) -> list[float]:
        made.extend(places)
        return [float(hash((scorer, query, passages[place])) % 10_007) for place in places]

    found = cache.through(scorer, query, passages, score)
    wanted = [float(hash((scorer, query, passage)) % 10_007) for passage in passages]
    assert found == wanted
    return passages, len(made)


words = st.sampled_from(["", "a", "b", "가", "🙂", "a b"])


@given(
    st.lists(st.tuples(words, words, st.lists(words, max_size=6)), max_size=12), st.integers(0, 9)
)
@settings(max_examples=200, deadline=None)
def test_scores_are_each_scorers_own_and_the_size_is_bounded(
    calls: list[tuple[str, str, list[str]]], most: int
) -> None:
    cache = ScoreCache(most)
    for scorer, query, passages in calls:
        scored(cache, scorer, query, passages)
        assert len(cache) <= most


def test_a_pair_is_scored_once_and_equal_passages_are_one_pair() -> None:
    cache = ScoreCache(10)
    assert cache.hit_rate == 0
    assert scored(cache, "m", "q", ["a", "b", "a"])[1] == 2
    assert scored(cache, "m", "q", ["b", "c"])[1] == 1
    assert (cache.hits, cache.misses) == (1, 3)
    assert cache.hit_rate == 0.25
    assert scored(cache, "m", "q2", ["b"])[1] == 1  # another query
    assert scored(cache, "m2", "q", ["b"])[1] == 1  # another model
    cache.clear()
    assert (len(cache), cache.hits, cache.misses) == (0, 0, 0)
    assert scored(cache, "m", "q", ["b"])[1] == 1


def test_the_least_recently_used_goes_first() -> None:
    cache = ScoreCache(2)
    scored(cache, "m", "q", ["a", "b"])
    scored(cache, "m", "q", ["a"])
    scored(cache, "m", "q", ["c"])  # drops b
    assert scored(cache, "m", "q", ["a"])[1] == 0
    assert scored(cache, "m", "q", ["b"])[1] == 1


def test_parts_of_the_key_do_not_run_together() -> None:
    cache = ScoreCache(10)
    scored(cache, "m", "ab", ["c"])
    assert scored(cache, "m", "a", ["bc"])[1] == 1
    assert scored(cache, "ma", "b", ["c"])[1] == 1


def test_a_scorer_that_is_forgotten_is_asked_anew_also_for_what_was_under_way() -> None:
    cache = ScoreCache(10)
    scored(cache, "m", "q", ["a"])
    scored(cache, "m2", "q", ["a"])
    cache.through("m", "q", ["b"], lambda places: cache.forget("m") or [1.0])
    assert scored(cache, "m", "q", ["a", "b"])[1] == 2
    assert scored(cache, "m2", "q", ["a"])[1] == 0  # another's


def test_broken_text_has_a_key_too() -> None:
    assert scored(ScoreCache(4), "m", "\ud800", ["\udfff"])[1] == 1


def test_a_failed_scoring_leaves_nothing_behind() -> None:
    cache = ScoreCache(4)

    def fail(places: list[int]) -> list[float]:
        raise RuntimeError("gone")

    with pytest.raises(RuntimeError):
        cache.through("m", "q", ["a"], fail)
    assert len(cache) == 0
    assert scored(cache, "m", "q", ["a"])[1] == 1


def test_threads_get_right_scores() -> None:
    cache = ScoreCache(50)
    failed: list[BaseException] = []

    def work(seed: int) -> None:
        try:
            for n in range(200):
                scored(cache, "m", f"q{n % 7}", [f"p{(seed * n + k) % 30}" for k in range(10)])
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len(cache) <= 50
