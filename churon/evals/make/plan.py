"""Which passages are asked about, in an order that the seed alone decides. Pure."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import TypeVar

from langchain_core.documents import Document

from churon.evals.make.pairs import pairs
from churon.evals.make.proposal import SHARES, Attempt, Kind
from churon.tools.korean import detect_language

T = TypeVar("T")
_SHORTEST = 30
"""Characters of a passage that a question can be about."""


def attempts(kind: Kind, passages: Sequence[Document], seed: int) -> list[Attempt]:
    """Every attempt of one kind, languages in turn."""
    told = sorted(
        (one for one in passages if len(one.page_content) >= _SHORTEST), key=lambda one: str(one.id)
    )
    if kind == "two_hop":
        made = [Attempt(kind, (a, b), entity) for a, b, entity in pairs(told)]
    else:
        made = [Attempt(kind, (one,)) for one in told]
    random.Random(f"{kind} {seed}").shuffle(made)
    return in_turn(made)


def in_turn(made: Sequence[Attempt]) -> list[Attempt]:
    """English and Korean one after the other, as long as there are both."""
    english = [one for one in made if detect_language(one.passages[0].page_content) == "en"]
    korean = [one for one in made if detect_language(one.passages[0].page_content) == "ko"]
    rounds = itertools.zip_longest(english, korean)
    return [one for pair in rounds for one in pair if one is not None]


def wanted(n: int, kinds: Sequence[Kind]) -> dict[Kind, int]:
    """How many questions of each kind make `n`, by SHARES; more `n` never means fewer of one."""
    order = [kind for kind in kinds for _ in range(SHARES[kind])]
    taken = [order[place % len(order)] for place in range(n)]
    return {kind: taken.count(kind) for kind in kinds}
