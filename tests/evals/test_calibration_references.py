"""Calibration equals scikit-learn's and torchmetrics', on random pairs."""

from __future__ import annotations

import random
from typing import Literal

import numpy as np
import pytest

from churon.evals.metrics.calibration import Pair, brier, ece, reliability

By = Literal["mass", "width"]


def drawn(seed: int, *, ties: bool) -> list[Pair]:
    chance = random.Random(seed)
    n = chance.randint(2, 80)
    given = [chance.random() ** 2 for _ in range(n)]
    return [(round(p, 1) if ties else p, chance.random() < p**0.7) for p in given]


def plain_ece(pairs: list[Pair], bins: int) -> float:
    """Equal widths, one bin after the other."""
    total = 0.0
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        held = [(p, t) for p, t in pairs if low < p <= high or (number == 0 and p == 0)]
        if held:
            total += abs(sum(p for p, _ in held) - sum(t for _, t in held))
    return total / len(pairs)


def test_ece_by_brute_force() -> None:
    for seed in range(1_000):
        pairs = drawn(seed, ties=False)
        assert ece(pairs, 10, "width") == pytest.approx(plain_ece(pairs, 10))


@pytest.mark.parametrize(("by", "strategy"), [("mass", "quantile"), ("width", "uniform")])
def test_the_curve_is_scikit_learns(by: By, strategy: str) -> None:
    curve = pytest.importorskip("sklearn.calibration", reason="scikit-learn").calibration_curve
    for seed in range(500):
        pairs = drawn(seed, ties=bool(seed % 2))
        given, true = np.array(pairs, dtype=float).T
        if len(set(given)) == 1:
            continue
        observed, predicted = curve(true, given, n_bins=7, strategy=strategy)
        made = reliability(pairs, 7, by)
        assert [one.observed for one in made] == pytest.approx(list(observed))
        assert [one.predicted for one in made] == pytest.approx(list(predicted))


def test_brier_is_scikit_learns() -> None:
    loss = pytest.importorskip("sklearn.metrics", reason="scikit-learn").brier_score_loss
    for seed in range(1_000):
        pairs = drawn(seed, ties=bool(seed % 2))
        given, true = np.array(pairs, dtype=float).T
        assert brier(pairs) == pytest.approx(loss(true, given, pos_label=1.0, labels=[0.0, 1.0]))


def test_ece_is_torchmetrics() -> None:
    theirs = pytest.importorskip(
        "torchmetrics.functional.classification", reason="torchmetrics"
    ).binary_calibration_error
    torch = pytest.importorskip("torch")
    for seed in range(1_000):
        pairs = drawn(seed, ties=False)
        given = torch.tensor([p for p, _ in pairs], dtype=torch.float64)
        true = torch.tensor([int(t) for _, t in pairs])
        wanted = theirs(given, true, n_bins=10, norm="l1").item()
        assert ece(pairs, 10, "width") == pytest.approx(wanted, abs=1e-6)


def test_no_pairs_say_nothing() -> None:
    assert (ece([]), brier([]), reliability([])) == (None, None, [])


def test_certain_and_right_is_perfect() -> None:
    pairs = [(1.0, True), (0.0, False), (1.0, True)]
    assert (ece(pairs), ece(pairs, by="width"), brier(pairs)) == (0, 0, 0)


@pytest.mark.parametrize("probability", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(probability: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        reliability([(probability, True)])
