"""Fitting a calibration recovers known ones and stays modest on little data."""

from __future__ import annotations

import math

import numpy as np
import pytest

from churon.tools.models.calibration import fit
from churon.tools.models.critic import calibrated


def samples_of(temperature: float, offset: float, count: int = 4_000):
    """Labels drawn from softmax(logprobs / temperature + offset for Y)."""
    rng = np.random.default_rng(5)
    for _ in range(count):
        p = float(rng.uniform(0.02, 0.98))
        logs = {"Y": math.log(p), "N": math.log(1 - p)}
        margin = (logs["Y"] - logs["N"]) / temperature + offset
        yield logs, "Y" if rng.random() < 1 / (1 + math.exp(-margin)) else "N"


@pytest.mark.parametrize(("temperature", "offset"), [(1.0, 0.0), (0.5, -1.5), (2.5, 0.9)])
def test_known_parameters_are_recovered(temperature: float, offset: float) -> None:
    found = fit(list(samples_of(temperature, offset)))
    assert found.temperature == pytest.approx(temperature, rel=0.15)
    assert found.offsets["Y"] - found.offsets["N"] == pytest.approx(offset, abs=0.15)


def test_a_model_that_always_leans_to_yes_is_centred() -> None:
    good = {"Y": math.log(0.99), "N": math.log(0.01)}
    bad = {"Y": math.log(0.80), "N": math.log(0.20)}
    found = fit([(good, "Y"), (bad, "N")] * 30)
    assert calibrated(good, found)["Y"] > 0.9 and calibrated(bad, found)["Y"] < 0.1


def test_one_sample_hardly_moves_anything() -> None:
    logs = {"F": math.log(0.5), "P": math.log(0.3), "N": math.log(0.2)}
    found = fit([(logs, "F")], prior=1.0)
    assert 0.5 < calibrated(logs, found)["F"] < 0.75


def test_separable_and_broken_log_probs_stay_finite() -> None:
    broken = {"Y": float("nan"), "N": float("-inf")}
    found = fit([({"Y": 0.0, "N": float("-inf")}, "Y"), (broken, "N")] * 10)
    assert 0.04 < found.temperature < 25
    assert all(math.isfinite(offset) for offset in found.offsets.values())


@pytest.mark.parametrize("bad", [[], [({"Y": -1.0, "N": -1.0}, "Q")], [({"Y": -1.0}, "N")]])
def test_unusable_samples_are_refused(bad: list) -> None:
    with pytest.raises(ValueError):
        fit(bad)


def test_a_larger_prior_stays_nearer_to_no_calibration() -> None:
    good, bad = {"Y": math.log(0.99), "N": math.log(0.01)}, {"Y": math.log(0.8), "N": math.log(0.2)}
    samples = [(good, "Y"), (bad, "N")] * 3
    shares = [calibrated(bad, fit(samples, prior=prior))["N"] for prior in (0.001, 0.05, 1.0, 100)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.9 and shares[-1] == pytest.approx(0.2, abs=0.1)
    alone = fit([(good, "N")], prior=100)
    assert alone.temperature == pytest.approx(1, abs=0.1)
    assert all(abs(offset) < 0.1 for offset in alone.offsets.values())


@pytest.mark.parametrize("prior", [0.01, 0.3, 3.0])
def test_a_fit_has_the_least_loss_by_its_definition(prior: float) -> None:
    marked = [(0.99, "Y"), (0.9, "N"), (0.8, "N"), (0.7, "N"), (0.95, "Y"), (0.6, "N")]
    samples = [({"Y": math.log(p), "N": math.log(1 - p)}, gold) for p, gold in marked]

    def loss(slope: float, y: float, n: float) -> float:
        made = prior * (slope**2 + y**2 + n**2)
        for logs, gold in samples:
            z = {"Y": math.exp(slope) * logs["Y"] + y, "N": math.exp(slope) * logs["N"] + n}
            made += math.log(sum(map(math.exp, z.values()))) - z[gold]
        return made

    found = fit(samples, prior=prior)
    best = np.array([-math.log(found.temperature), found.offsets["Y"], found.offsets["N"]])
    for step in 0.02 * np.vstack([np.eye(3), -np.eye(3)]):
        assert loss(*(best + step)) > loss(*best)


def test_no_fit_is_steeper_than_its_bound() -> None:
    sure = [({"Y": -0.6, "N": -0.8}, "Y"), ({"Y": -0.8, "N": -0.6}, "N")] * 20
    assert fit(sure, prior=1e-4).temperature == pytest.approx(math.exp(-3))
