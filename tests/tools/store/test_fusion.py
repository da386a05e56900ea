"""Fusion against values worked out by hand, and what must hold for any scores."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from churon.tools.store.fusion import ranked, rrf, weighted

SCORES = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-50, 50), max_size=8)


def test_reciprocal_ranks_by_hand() -> None:
    fused = rrf({"a": 0.9, "b": 0.8}, {"b": 7.0, "c": 5.0}, 60)
    assert fused == {"a": 1 / 61, "b": 1 / 62 + 1 / 61, "c": 1 / 62}
    assert ranked(fused) == ["b", "a", "c"]


def test_weighted_z_scores_by_hand() -> None:
    # dense a=1, b=0, c filled with 0: mean 1/3, deviation sqrt(2)/3; bm25 all filled with 4
    fused = weighted({"a": 1.0, "b": 0.0}, {"c": 4.0}, 0.5)
    assert math.isclose(fused["a"], 0.5 * math.sqrt(2))
    assert math.isclose(fused["b"], -0.5 / math.sqrt(2))
    assert fused["b"] == fused["c"]


def test_a_missing_passage_counts_as_the_lowest() -> None:
    fused = weighted({"a": 0.9, "b": 0.5, "c": 0.1}, {"b": 9.0, "a": 2.0}, 0.0)
    assert fused["c"] == fused["a"] < fused["b"]


def test_ties_come_in_order_of_id() -> None:
    assert ranked({"b": 1.0, "a": 1.0, "c": 2.0}) == ["c", "a", "b"]


def test_equal_scores_carry_no_information() -> None:
    fused = weighted({"a": 0.1 + 0.2, "b": 0.3}, {"b": 2.0, "a": 1.0}, 0.5)
    assert ranked(fused) == ["b", "a"]


@given(SCORES, SCORES, st.floats(0, 1))
def test_fusion_keeps_the_union_finite_and_a_winner_of_both_first(
    dense: dict[str, float], bm25: dict[str, float], weight: float
) -> None:
    for fused in (weighted(dense, bm25, weight), rrf(dense, bm25, 60)):
        assert fused.keys() == dense.keys() | bm25.keys()
        assert all(math.isfinite(score) for score in fused.values())
        if dense and bm25 and (best := ranked(dense)[0]) == ranked(bm25)[0]:
            assert fused[best] == max(fused.values())
