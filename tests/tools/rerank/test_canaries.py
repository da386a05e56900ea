"""Obvious questions refuse what only looks like a reranker."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from zlib import crc32

import pytest
from langchain_core.documents import Document

from churon.tools.errors import RerankError
from churon.tools.rerank.canaries import calibration_pairs, ranked_right, refuse_guessing


class Rule:
    """A scorer by a rule over (query, text)."""

    name = "rule"

    def __init__(self, rule: Callable[[str, str], float]) -> None:
        self.rule = rule

    def score(
        self, query: str, documents: Sequence[Document], top_n: int | None = None
    ) -> list[float]:
        return [self.rule(query, document.page_content) for document in documents]

    def probability(self, score: float) -> float | None:
        return None

    def close(self) -> None: ...


ANSWERS = {passages[0] for _, passages in calibration_pairs()}


def knows(query: str, text: str) -> float:
    return float(text in ANSWERS)


def english(text: str) -> bool:
    return not re.search("[가-힣]", text)


def test_a_model_that_knows_passes_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    refuse_guessing(Rule(knows))
    assert ranked_right(Rule(knows)) == {"en": 8, "ko": 8}
    assert not caplog.records


def test_one_language_is_enough_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        refuse_guessing(Rule(lambda query, text: knows(query, text) if english(text) else 0.0))
    assert "0 of 8 in 'ko'" in caplog.text


@pytest.mark.parametrize(
    "rule",
    [
        lambda query, text: 0.0,  # ties rank nothing
        lambda query, text: -knows(query, text),  # upside down
        lambda query, text: float(len(text)),
        lambda query, text: -float(len(text)),
        lambda query, text: float(crc32(text.encode()) % 97),
    ],
    ids=["constant", "inverted", "longest", "shortest", "random"],
)
def test_guessing_is_refused_with_the_reason(rule: Callable[[str, str], float]) -> None:
    with pytest.raises(RerankError, match=r"guesses: .*rerank\.canaries = false"):
        refuse_guessing(Rule(rule))


@pytest.mark.parametrize(("right", "passes"), [(5, False), (6, True)])
def test_six_of_eight_questions_are_enough_in_a_language(right: int, passes: bool) -> None:
    known = [query for query, _ in calibration_pairs()]
    known = known[:right] + known[8 : 8 + right]
    scorer = Rule(lambda query, text: knows(query, text) if query in known else 0.0)
    assert set(ranked_right(scorer).values()) == {right}
    if passes:
        refuse_guessing(scorer)
    else:
        with pytest.raises(RerankError, match="5 of 8 in 'en', 5 of 8 in 'ko'"):
            refuse_guessing(scorer)


def test_length_tells_nothing() -> None:
    for query, (right, *others, _, _, _) in calibration_pairs():
        lengths = [len(text) for text in others]
        assert min(lengths) < len(right) < max(lengths), query


def test_calibration_covers_short_and_long_passages_of_both_languages() -> None:
    lengths = [len(text) for _, passages in calibration_pairs() for text in passages]
    assert min(lengths) < 30 and max(lengths) > 1_000
    assert {english(query) for query, _ in calibration_pairs()} == {True, False}
