"""Tests, intervals and corrections equal SciPy's or their definitions."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churon.evals.stats import (
    Interval,
    adjusted,
    among,
    detectable,
    interval,
    mcnemar,
    paired_proportions,
    permutation,
)

stats = pytest.importorskip("scipy.stats", reason="the extra eval is not installed")

EIGHTHS = st.integers(-8, 8).map(lambda n: n / 8)
SOME = st.lists(EIGHTHS, min_size=1, max_size=9)
MANY = st.lists(EIGHTHS, min_size=16, max_size=40)
BITS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=14)
P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(SOME)
def test_permutation_counts_all_signs(differences: list[float]) -> None:
    seen = abs(sum(differences))
    signed = itertools.product((-1, 1), repeat=len(differences))
    sums = [abs(sum(s * d for s, d in zip(signs, differences, strict=True))) for signs in signed]
    assert permutation(differences) == sum(one >= seen for one in sums) / len(sums)


def test_permutation_is_scipys() -> None:
    random = np.random.default_rng(3)
    for n in (2, 5, 9, 60, 300):
        drawn = random.normal(0.15, 1, n)
        theirs = stats.permutation_test(
            (drawn,), np.mean, permutation_type="samples", n_resamples=9_999, rng=1, vectorized=True
        ).pvalue
        exact = 2**n <= 9_999
        assert permutation(drawn.tolist()) == pytest.approx(theirs, abs=1e-12 if exact else 0.03)


@pytest.mark.parametrize("n", [3, 6, 7, 10])
@pytest.mark.parametrize("size", [0.1, 0.3, 0.7, 1 / 3])
def test_rounding_does_not_tell_equal_sums_apart(size: float, n: int) -> None:
    assert permutation([size] * n) == 2 / 2**n


def test_a_drawn_p_counts_what_was_seen_as_a_draw() -> None:
    assert permutation([0.5] * 40, resamples=99) == 1 / 100


@given(MANY)
def test_permutation_knows_neither_order_nor_side(differences: list[float]) -> None:
    p = permutation(differences, resamples=199)
    assert 0 < p <= 1
    assert p == permutation(differences[::-1], resamples=199)
    assert p == permutation([-one for one in differences], resamples=199)


@given(BITS)
def test_mcnemar_is_the_binomial_and_the_permutation_test(pairs: list[tuple[int, int]]) -> None:
    a, b = [float(x) for x, _ in pairs], [float(y) for _, y in pairs]
    made, turned = mcnemar(a, b), mcnemar(b, a)
    apart = made.only_a + made.only_b
    wanted = stats.binomtest(made.only_a, apart).pvalue if apart else 1
    assert made.p == pytest.approx(wanted)
    assert made.p == pytest.approx(permutation([y - x for x, y in pairs]))
    assert (made.p, made.mid_p) == (turned.p, turned.mid_p)
    assert 0 < made.mid_p <= made.p <= 1


def test_mcnemar_by_hand() -> None:
    """Fagerland, Lydersen and Laake 2013, table 1: 1 and 7 pairs that differ."""
    made = mcnemar([1] + [0] * 7 + [1, 0], [0] + [1] * 7 + [1, 0])
    assert (made.only_a, made.only_b) == (1, 7)
    assert (made.p, made.mid_p) == (pytest.approx(0.0703125), pytest.approx(0.0390625))


def test_mcnemar_refuses_scores() -> None:
    with pytest.raises(ValueError, match=r"0 or 1, not \[0\.5\]"):
        mcnemar([0.5], [1])


@given(P_VALUES)
def test_holm_by_definition(p: list[float]) -> None:
    made = adjusted(p)
    order = sorted(range(len(p)), key=lambda place: (p[place], place))
    for rank, place in enumerate(order):
        steps = [(len(p) - earlier) * p[order[earlier]] for earlier in range(rank + 1)]
        assert made[place] == pytest.approx(min(1, max(steps)))
    assert all(raised >= one for raised, one in zip(made, p, strict=True))


@given(P_VALUES)
def test_benjamini_hochberg_is_no_stricter_than_holm(p: list[float]) -> None:
    holm, bh = adjusted(p, "holm"), adjusted(p, "bh")
    assert all(lower <= raised + 1e-12 for lower, raised in zip(bh, holm, strict=True))
    assert adjusted(p, "none") == p


def test_benjamini_hochberg_by_hand() -> None:
    assert adjusted([0.01, 0.02, 0.03, 0.5], "bh") == pytest.approx([0.04, 0.04, 0.04, 0.5])
    assert adjusted([]) == []


@given(st.lists(EIGHTHS, min_size=2, max_size=20))
def test_an_interval_knows_no_order_and_turns_with_its_values(values: list[float]) -> None:
    made = interval(values, resamples=99)
    assert made.mean is not None and made.low is not None and made.high is not None
    assert made == interval(values[::-1], resamples=99)
    assert min(values) <= made.low <= made.high <= max(values)


@pytest.mark.parametrize("method", ["BCa", "percentile"])
def test_an_interval_is_near_students_where_that_is_right(method: str) -> None:
    values = np.random.default_rng(1).normal(0.3, 1, 400)
    made = interval(values.tolist(), method=method)  # type: ignore[arg-type]
    wanted = stats.t.interval(0.95, 399, values.mean(), stats.sem(values))
    assert (made.low, made.high) == pytest.approx(wanted, abs=0.02)
    assert made.n == 400 and made.mean == pytest.approx(values.mean())


def test_an_interval_is_of_the_level_asked() -> None:
    values = np.random.default_rng(1).normal(0, 1, 200)
    for level in (0.5, 0.95):
        made = interval(values.tolist(), level=level)
        wanted = stats.t.interval(level, 199, values.mean(), stats.sem(values))
        assert (made.low, made.high) == pytest.approx(wanted, abs=0.02)


def test_an_interval_of_little() -> None:
    assert interval([None]).n == 0 and interval([]).mean is None
    assert (interval([0.5, None]).mean, interval([0.5]).low) == (0.5, None)
    same = interval([0.25] * 7)
    assert (same.low, same.mean, same.high) == (0.25, 0.25, 0.25)


def test_where_bca_cannot_correct_the_percentiles_stand() -> None:
    made = interval([0.0] * 3 + [1e-300], resamples=20)
    assert made.low is not None and math.isfinite(made.low)


@pytest.mark.parametrize(
    ("both", "only_b", "only_a", "neither", "low", "high"),
    [(36, 12, 2, 0, 0.0569, 0.3404), (20, 12, 2, 16, 0.0562, 0.3292), (1, 97, 1, 1, 0.8737, 0.985)],
)
def test_paired_proportions_by_newcombes_examples(
    both: int, only_b: int, only_a: int, neither: int, low: float, high: float
) -> None:
    a = [1.0] * both + [0.0] * only_b + [1.0] * only_a + [0.0] * neither
    b = [1.0] * both + [1.0] * only_b + [0.0] * only_a + [0.0] * neither
    found = paired_proportions(a, b)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
    turned = paired_proportions(b, a)
    assert (turned.low, turned.high) == (
        pytest.approx(-high, abs=1e-4),
        pytest.approx(-low, abs=1e-4),
    )


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=2, max_size=40))
def test_paired_proportions_hold_the_difference_and_have_some_width(
    pairs: list[tuple[int, int]],
) -> None:
    found = paired_proportions([a for a, _ in pairs], [b for _, b in pairs])
    assert found.mean is not None and found.low is not None and found.high is not None
    assert -1 <= found.low <= found.mean + 1e-9 and found.mean - 1e-9 <= found.high <= 1
    assert found.high - found.low > 0


def test_paired_proportions_of_little() -> None:
    assert paired_proportions([], []) == Interval(0, None, None, None)
    assert paired_proportions([0], [1]) == Interval(1, 1.0, None, None)


def test_where_few_outcomes_differ_the_interval_holds_the_difference() -> None:
    rng, held = np.random.default_rng(7), 0
    for _ in range(300):
        drawn = rng.random(100)
        b = [float(one < 0.62) for one in drawn]
        a = [float(one < 0.6 or 0.62 <= one < 0.625) for one in drawn]
        found = paired_proportions(a, b)
        held += (found.low or 0) <= 0.015 <= (found.high or 0)
    assert held / 300 > 0.93


def test_what_is_called_detectable_is_found_by_80_of_100() -> None:
    random = np.random.default_rng(11)
    n, found = 40, 0
    effect = detectable(random.normal(0, 1, 100_000)[:n].tolist())
    assert effect == pytest.approx(0.45, abs=0.1)
    effect = (2.0227 + 0.8512) / math.sqrt(n)  # of a true spread of 1
    for seed in range(400):
        drawn = random.normal(effect, 1, n).tolist()
        found += permutation(drawn, resamples=399, seed=seed) <= 0.05
    assert found / 400 == pytest.approx(0.8, abs=0.05)


def test_the_spread_of_what_is_detectable_is_the_samples() -> None:
    values, t = [0.0, 0.5, 1.0, 1.0], stats.t(3)
    wanted = (t.ppf(0.975) + t.ppf(0.8)) * np.std(values, ddof=1) / 2
    assert detectable(values) == pytest.approx(wanted)


def test_among_several_comparisons_only_more_is_detectable() -> None:
    random = np.random.default_rng(12)
    n, tests, found = 40, 18, 0
    alone = (2.0227 + 0.8512) / math.sqrt(n)  # of a true spread of 1
    effect = among(alone, n, tests)
    assert effect is not None and effect > 1.3 * alone
    for _ in range(2_000):
        drawn = random.normal(effect, 1, n)
        t = drawn.mean() / drawn.std(ddof=1) * math.sqrt(n)
        found += 2 * stats.t(n - 1).sf(abs(t)) <= 0.05 / tests
    assert found / 2_000 == pytest.approx(0.8, abs=0.03)
    assert among(alone, n, 1) == pytest.approx(alone) and among(None, 2, 9) is None


def test_nothing_is_detectable_in_two_pairs() -> None:
    assert detectable([0.1, 0.2]) is None


@pytest.mark.parametrize("equal", [[0.5] * 9, [0.1] * 30, [0.0] * 9])
def test_a_spread_of_nothing_promises_nothing(equal: list[float]) -> None:
    assert detectable(equal) is None


@pytest.mark.parametrize(("n", "tests"), [(5, 1), (7, 4), (9, 13)])
def test_nothing_is_detectable_where_no_test_can_pass(n: int, tests: int) -> None:
    assert permutation([1.0] * n) > 0.05 / tests
    assert among(0.3, n, tests) is None
    assert permutation([1.0] * (n + 1)) <= 0.05 / tests
    assert among(0.3, n + 1, tests) is not None
