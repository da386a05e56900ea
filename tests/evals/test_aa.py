"""A system against itself: tests find 5 %, intervals hold 95 %, in 1,000 simulations."""

from __future__ import annotations

import pytest

from churon.evals.stats.aa import Rates, aa_check, outcomes, scores

pytest.importorskip("scipy.stats", reason="the extra eval is not installed")


@pytest.fixture(scope="module")
def rates() -> Rates:
    return aa_check(1_000, 100, draw=scores, resamples=499)


def test_permutation_finds_5_percent(rates: Rates) -> None:
    assert rates.tolerance == pytest.approx(0.0138, abs=1e-4)
    assert rates.permutation == pytest.approx(0.05, abs=rates.tolerance)


def test_the_interval_holds_95_percent(rates: Rates) -> None:
    assert rates.coverage == pytest.approx(0.95, abs=rates.tolerance)


def test_mcnemar_exact_finds_at_most_5_percent_and_mid_p_about_that(rates: Rates) -> None:
    assert rates.exact <= 0.05
    assert rates.exact <= rates.mid_p == pytest.approx(0.05, abs=rates.tolerance)


def test_right_and_wrong_are_no_harder_than_mcnemar() -> None:
    """The permutation test of outcomes is McNemar's exact test: at most 5 %."""
    assert aa_check(300, 60, draw=outcomes, resamples=199).permutation <= 0.05
