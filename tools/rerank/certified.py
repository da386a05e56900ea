"""Exact rankings from half precision: float32 only for what rounding could move past the cut-off.

If no half-precision score is further than `bound` from its float32 score, nothing whose
half-precision score is more than `bound` below n float32 scores is among the best n. So the n that
look best are scored again, then all that the n-th best of these does not rule out. What has no
finite half-precision score is scored again too.

The bound is no proof: it is the largest error seen so far, times a margin. A passage that is not
scored again may have a larger one, which nobody sees.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MARGIN = 2.0
"""The bound as a multiple of the largest error seen, in calibration and in all scored again."""
WORTH = 3
"""Half precision first where there are more than so many passages to each of the best n: it is 1.6
to 4 times as fast, and the best n are scored twice."""


@dataclass
class ErrorBound:
    """The error of half precision that is reckoned with, in logits; learned from what was seen."""

    value: float = 0.0
    seen: float = 0.0
    """Largest error seen so far."""

    def learn(self, coarse: Sequence[float], exact: Sequence[float]) -> None:
        """Widen the bound to `MARGIN` times an error larger than any before.

        Scores that are no finite numbers have no error that others' could be reckoned with.
        """
        errors = [abs(a - b) for a, b in zip(coarse, exact, strict=True)]
        self.seen = max([self.seen, *filter(math.isfinite, errors)])
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
    finite = [place for place, score in enumerate(coarse) if math.isfinite(score)]
    order = sorted(finite, key=lambda place: -coarse[place])
    known: dict[int, float] = {}
    # With all that look the same: equal passages are scored together, or rounding would part them
    last = coarse[order[:top_n][-1]] if order else 0.0
    near = [place for place in order if coarse[place] >= last]
    near += [place for place, score in enumerate(coarse) if not math.isfinite(score)]
    while near:
        found = exact(near)
        bound.learn([coarse[place] for place in near], found)
        known.update(zip(near, found, strict=True))
        cut = sorted(known.values(), reverse=True)[min(top_n, len(coarse)) - 1]
        low = cut - bound.value
        near = [place for place in order if coarse[place] >= low and place not in known]
    for place, score in known.items():
        scores[place] = score
    return scores
