"""Batches by tokens, and what rows have in common."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from churon.tools.rerank.batching import common_prefix, packed


@given(st.lists(st.integers(1, 600), max_size=60), st.integers(1, 2_000), st.booleans())
def test_batches_hold_every_row_once_within_the_budget(
    lengths: list[int], budget: int, padded: bool
) -> None:
    batches = list(packed(lengths, budget, padded=padded))
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        sizes = [lengths[index] for index in batch]
        cost = max(sizes) * len(sizes) if padded else sum(sizes)
        assert cost <= budget or len(batch) == 1
        assert sizes == sorted(sizes, reverse=True)


@given(st.lists(st.lists(st.integers(0, 2), min_size=1).map(tuple), min_size=1))
def test_the_common_prefix_is_common_and_leaves_a_token(rows: list[tuple[int, ...]]) -> None:
    length = common_prefix(rows)
    assert len({row[:length] for row in rows}) == 1
    assert all(len(row) > length for row in rows)
    longer = {row[: length + 1] for row in rows}
    assert len(longer) > 1 or any(len(row) == length + 1 for row in rows)
