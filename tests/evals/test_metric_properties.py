"""What holds of measures whatever the rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rows import abstained, case, claim, passage, row

from churon.evals.metrics import MEASURES, QUALITY, abstention, brier, ece, reliability, scores
from churon.evals.metrics.answers import exact, f1, match
from churon.evals.metrics.normalise import normalised
from churon.evals.metrics.verdict import verdict
from churon.evals.types import Row

pytest.importorskip("ir_measures", reason="the extra eval is not installed")

TEXTS = st.text(alphabet="ab the서울은’'《1.", max_size=12)
LANGUAGES = st.sampled_from(["en", "ko"])
IDS = st.sampled_from([f"p{n}" for n in range(6)])
PROBABILITIES = st.floats(0, 1)
PAIRS = st.lists(st.tuples(PROBABILITIES, st.booleans()), min_size=1, max_size=40)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    asked = case(
        language=draw(LANGUAGES),
        answers=draw(st.lists(TEXTS, max_size=3)),
        truth=draw(st.none() | st.booleans()),
        answerable=draw(st.booleans()),
        relevant=draw(st.dictionaries(IDS, st.integers(1, 3), max_size=4)),
    )
    if draw(st.booleans()) and draw(st.booleans()):
        return row(asked, error="TimeoutError")
    fields: dict[str, Any] = {
        "ranked": draw(st.lists(IDS, unique=True)),
        "read": [passage(one) for one in draw(st.lists(IDS, unique=True))],
    }
    if draw(st.booleans()) and draw(st.booleans()):
        return abstained(asked, **fields)
    claims = [claim(*draw(st.lists(IDS, max_size=3))) for _ in range(draw(st.integers(0, 3)))]
    return row(asked, answer=draw(TEXTS), claims=claims, **fields)


@given(rows())
@settings(max_examples=200)
def test_quality_lies_between_0_and_1_and_binary_at_them(made: Row) -> None:
    for measure in QUALITY:
        value = measure.score(made)
        assert value is None or 0 <= value <= 1 + 1e-12
        assert not measure.binary or value in (None, 0, 1)


@given(rows())
def test_scoring_changes_no_row(made: Row) -> None:
    before = repr(made)
    assert scores(made) == scores(made)
    assert repr(made) == before


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=3), LANGUAGES)
def test_a_perfect_answer_scores_1(answer: str, others: list[str], language: str) -> None:
    accepted = [*others, answer]
    if normalised(answer, language):
        assert exact(answer, accepted, language) == 1
        assert f1(answer, accepted, language) == 1
        assert match(f"({answer})", [answer], language) == 1


@given(TEXTS, st.lists(TEXTS, max_size=3), LANGUAGES)
def test_answers_in_any_order(answer: str, accepted: list[str], language: str) -> None:
    for measure in (exact, f1, match):
        there = measure(answer, accepted, language)
        assert there == measure(answer, accepted[::-1], language)
    if normalised(answer, language):  # KorQuAD's F1 of nothing with nothing is 0, its EM 1
        assert exact(answer, accepted, language) <= f1(answer, accepted, language) + 1e-12


@given(TEXTS, TEXTS, LANGUAGES)
def test_f1_is_symmetric(one: str, other: str, language: str) -> None:
    assert f1(one, [other], language) == f1(other, [one], language)


@given(st.dictionaries(IDS, st.integers(1, 3), min_size=1))
def test_gold_first_and_cited_is_perfect(relevant: dict[str, int]) -> None:
    best = sorted(relevant, key=lambda one: -relevant[one])
    read = [passage(one) for one in best]
    made = row(case(relevant=relevant), ranked=best, read=read, claims=[claim(*best)])
    names = ("recall@20", "ndcg@10", "map", "mrr", "all evidence")
    for name in (*names, "citation precision", "citation recall"):
        assert MEASURES[name].score(made) == pytest.approx(1)


@given(st.lists(rows(), max_size=8), st.randoms(use_true_random=False))
def test_abstention_in_any_order(made: list[Row], chance: Any) -> None:
    mixed = list(made)
    chance.shuffle(mixed)
    whole = abstention(made)
    assert whole == abstention(mixed)
    for share in (whole.precision, whole.recall, whole.f1):
        assert share is None or 0 <= share <= 1


@given(PAIRS, st.integers(1, 12), st.sampled_from(["mass", "width"]), st.randoms())
def test_calibration_in_any_order(pairs: Any, bins: int, by: Any, chance: Any) -> None:
    mixed = list(pairs)
    chance.shuffle(mixed)
    error = ece(pairs, bins, by)
    assert error is not None and 0 <= error <= 1 + 1e-9
    assert error == pytest.approx(ece(mixed, bins, by), abs=1e-9)
    assert brier(pairs) == pytest.approx(brier(mixed))
    curve = reliability(pairs, bins, by)
    assert sum(one.n for one in curve) == len(pairs)
    assert all(one.low - 1e-9 <= one.predicted <= one.high + 1e-9 for one in curve)


@given(PAIRS)
def test_one_bin_compares_the_means(pairs: list[tuple[float, bool]]) -> None:
    apart = sum(p for p, _ in pairs) - sum(t for _, t in pairs)
    assert ece(pairs, 1, "width") == pytest.approx(abs(apart) / len(pairs), abs=1e-9)


@given(st.text(max_size=30))
def test_a_verdict_of_anything(text: str) -> None:
    assert verdict(text) in (True, False, None)
