"""Which rows of token ids go through a model together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def packed(lengths: Sequence[int], budget: int, *, padded: bool) -> Iterator[list[int]]:
    """Indices in batches of at most `budget` tokens, longest row first; a longer row goes alone.

    A batch costs the sum of its lengths, or, `padded`, its longest times their number. Sorted by
    length little is padded, and the largest batch comes first: what does not fit is known at once.
    """
    batch: list[int] = []
    cost = 0
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        longest = lengths[batch[0]] if batch else lengths[index]
        more = longest * (len(batch) + 1) if padded else cost + lengths[index]
        if batch and more > budget:
            yield batch
            batch, more = [], lengths[index]
        batch.append(index)
        cost = more
    if batch:
        yield batch


def common_prefix(rows: Sequence[tuple[int, ...]]) -> int:
    """Tokens that all rows begin with; at least one of each row is left over."""
    first, last = min(rows), max(rows)
    most = min(len(row) for row in rows) - 1
    same = (a == b for a, b in zip(first, last, strict=False))
    return min(most, next((n for n, equal in enumerate(same) if not equal), most))
