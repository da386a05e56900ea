"""Obvious questions at load: a model that cannot rank their passages would rank at random.

Such are a classifier whose head was never trained, a decoder that is asked for the wrong token, or
one whose scores are upside down: they load without an error and give numbers.
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from langchain_core.documents import Document
from pydantic import BaseModel

from churon.tools.errors import RerankError
from churon.tools.rerank.scorer import Scorer

log = logging.getLogger(__name__)

ENOUGH = 6
"""Of 8 questions with 4 passages each; a model that guesses gets so many in one of two languages
once in 119 times."""


class Canary(BaseModel):
    """A question and its passages; the first one answers it."""

    query: str
    passages: list[str]


@cache
def _canaries() -> dict[str, list[Canary]]:
    text = files("churon.tools.rerank").joinpath("canaries.toml").read_text("utf-8")
    read = tomllib.loads(text)
    return {language: [Canary(**one) for one in ones] for language, ones in read.items()}


def ranked_right(scorer: Scorer) -> dict[str, int]:
    """Language -> number of questions whose answer scored above all other passages."""
    return {
        language: sum(_first_wins(scorer, canary) for canary in ones)
        for language, ones in _canaries().items()
    }


def refuse_guessing(scorer: Scorer) -> str:
    """What the scorer ranks right, in words; RerankError where it ranks neither language.

    Blocking: 64 short pairs.
    """
    right = ranked_right(scorer)
    told = ", ".join(f"{number} of 8 in {language!r}" for language, number in right.items())
    if max(right.values()) < ENOUGH:
        raise RerankError(
            f"The reranker {scorer.name!r} guesses: of obvious questions it ranks {told}. "
            "Its head is untrained, or it is no reranker.",
            remedy="Name a model trained for reranking; rerank.canaries = false takes it as it is.",
        )
    if min(right.values()) < ENOUGH:
        log.warning("The reranker %r knows one language only: it ranks %s.", scorer.name, told)
    return told


def calibration_pairs() -> Iterator[tuple[str, list[str]]]:
    """Queries with passages from short to long, of both languages, to measure rounding on."""
    for ones in _canaries().values():
        everything = [passage for canary in ones for passage in canary.passages]
        for place, canary in enumerate(ones):
            joined = [" ".join(everything[place : place + many]) for many in (4, 8, 24)]
            yield canary.query, canary.passages + joined


def _first_wins(scorer: Scorer, canary: Canary) -> bool:
    right, *others = scorer.score(canary.query, [Document(text) for text in canary.passages])
    return right > max(others)
