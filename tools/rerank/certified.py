"""Exact rankings from half precision: float32 only for what rounding could move past the cut-off.

If no half-precision score is further than `bound` from its float32 score, nothing whose
half-precision score is more than `bound` below n float32 scores is among the best n. So the n that
look best are scored again, then all that the n-th best of these does not rule out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

MARGIN = 2.0
"""The bound as a multiple of the largest error seen."""
WORTH = 3
"""Half precision first where there are more than so many passages to each of the best n: it is 1.6
to 4 times as fast, and the best n are scored twice."""


@dataclass
class ErrorBound:
    """The largest error of half precision that is reckoned with, in logits."""

    value: float = 0.0
    seen: float = 0.0
    """Largest error seen so far."""

    def learn(self, coarse: Sequence[float], exact: Sequence[float]) -> None:
        """Widen the bound to `MARGIN` times an error larger than any before."""
        worst = max((abs(a - b) for a, b in zip(coarse, exact, strict=True)), default=0.0)
        self.seen = max(self.seen, worst)
        self.value = max(self.value, MARGIN * self.seen)


def certified(
    coarse: Sequence[float],
    exact: Callable[[list[int]], list[float]],
    top_n: int,
    bound: ErrorBound,
) -> list[float]:
    """`coarse` with the scores of the best `top_n`, and of all that might be, made exact.

    An error beyond the bound widens it, for good, and the passages then in question follow.
    """
    scores = list(coarse)
    order = sorted(range(len(coarse)), key=lambda place: -coarse[place])
    known: dict[int, float] = {}
    # With all that look the same: equal passages are scored together, or rounding would part them
    last = coarse[order[:top_n][-1]] if coarse else 0.0
    near = [place for place in order if coarse[place] >= last]
    while near:
        found = exact(near)
        bound.learn([coarse[place] for place in near], found)
        known.update(zip(near, found, strict=True))
        cut = sorted(known.values(), reverse=True)[min(top_n, len(order)) - 1]
        low = cut - bound.value
        near = [place for place in order if coarse[place] >= low and place not in known]
    for place, score in known.items():
        scores[place] = score
    return scores
