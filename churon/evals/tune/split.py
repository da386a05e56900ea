"""The questions to tune on, and those that only the verdict may see."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from churon.evals.types import Case
from churon.tools.errors import InputError

LEAST = 4
"""Questions of a side; with so few, a verdict is hardly ever possible."""
_Group = list[Case]


@dataclass(frozen=True)
class Split:
    """Disjoint, each in an order of which every beginning is as mixed as the whole."""

    development: tuple[Case, ...]
    held_back: tuple[Case, ...]


def split(cases: Sequence[Case], held_back: float, seed: int) -> Split:
    """By question id and seed alone, each language and kind (with an answer, without) in the same
    share. Questions in the same words, as MuSiQue has them with and without an answer, stay on one
    side. Raises InputError where a side is too small.
    """
    groups = _mixed(_groups(cases), seed)
    wanted = round(held_back * len(groups))
    later = [case for group in groups[:wanted] for case in group]
    first = [case for group in groups[wanted:] for case in group]
    if min(len(first), len(later)) < LEAST:
        raise InputError(
            f"{len(first)} questions to tune on and {len(later)} to judge by are too few.",
            remedy=f"Bring a set with more questions, or another --held-back: {LEAST} of each are "
            "the least, and 50 of each find what is worth finding.",
        )
    return Split(tuple(first), tuple(later))


def _groups(cases: Sequence[Case]) -> list[_Group]:
    groups: dict[str, _Group] = {}
    for case in cases:
        words = " ".join(re.findall(r"\w+", case["question"].casefold()))
        groups.setdefault(words or case["id"], []).append(case)
    return [sorted(group, key=lambda case: case["id"]) for group in groups.values()]


def _mixed(groups: Sequence[_Group], seed: int) -> list[_Group]:
    """Each stratum spread evenly over the order; within it the seed decides."""
    strata: dict[tuple[tuple[str, bool], ...], list[_Group]] = {}
    for group in groups:
        kinds = sorted({(case["language"], case["answerable"]) for case in group})
        strata.setdefault(tuple(kinds), []).append(group)
    placed = []
    for members in strata.values():
        members.sort(key=lambda group: _draw(group, seed))
        placed += [((n + 0.5) / len(members), _draw(g, seed), g) for n, g in enumerate(members)]
    return [group for _, _, group in sorted(placed, key=lambda one: one[:2])]


def _draw(group: _Group, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{group[0]['id']}".encode("utf-8", "replace")).hexdigest()
