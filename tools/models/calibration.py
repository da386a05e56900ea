"""Fits a label set's calibration on development data (Platt scaling with a shared slope).

Small models' raw thresholds are far from 0.5; a temperature and one offset per label mend that
with few examples (Guo et al. 2017, arXiv 1706.04599, section 4.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from churon.tools.settings import LabelCalibration

Sample = tuple[Mapping[str, float], str]
"""Log-probability per label, and the right label."""

_LOWEST = -25.0  # log-probabilities below it say the same: never
_STEEPEST = 3.0  # |log temperature| at most: between 0.05 and 20
_Vector = NDArray[np.float64]


def fit(samples: Sequence[Sample], *, prior: float = 0.05) -> LabelCalibration:
    """The temperature and offsets with the least negative log-likelihood.

    `prior` weighs the squared log-temperature and offsets (L2), so that few or one-sided samples
    stay near no calibration. Raises ValueError without samples, or where labels do not agree.
    """
    if not samples:
        raise ValueError("There are no samples to fit a calibration on.")
    labels = sorted(samples[0][0])
    x, gold = _arrays(samples, labels)
    theta = np.zeros(len(labels) + 1)
    value = _objective(theta, x, gold, prior)
    for _ in range(200):
        step = _newton_step(theta, x, gold, prior)
        scale, better = 1.0, value
        while scale > 1e-6:
            trial = theta + scale * step
            trial[0] = np.clip(trial[0], -_STEEPEST, _STEEPEST)
            if (better := _objective(trial, x, gold, prior)) < value:
                break
            scale /= 2
        if better >= value - 1e-12:
            break
        theta, value = trial, better
    offsets = {label: float(b) for label, b in zip(labels, theta[1:], strict=True)}
    return LabelCalibration(temperature=float(np.exp(-theta[0])), offsets=offsets)


def _arrays(samples: Sequence[Sample], labels: list[str]) -> tuple[_Vector, NDArray[np.intp]]:
    for logprobs, gold in samples:
        if sorted(logprobs) != labels or gold not in labels:
            raise ValueError(f"{sorted(logprobs)} with gold {gold!r} does not match {labels}.")
    x = np.array([[logprobs[label] for label in labels] for logprobs, _ in samples])
    x = np.clip(np.nan_to_num(x, nan=_LOWEST, neginf=_LOWEST, posinf=0.0), _LOWEST, 0.0)
    return x, np.array([labels.index(gold) for _, gold in samples])


def _objective(theta: _Vector, x: _Vector, gold: NDArray[np.intp], prior: float) -> float:
    z = np.exp(theta[0]) * x + theta[1:]
    highest = z.max(axis=1)
    normal = highest + np.log(np.exp(z - highest[:, None]).sum(axis=1))
    return float((normal - z[np.arange(len(gold)), gold]).sum() + prior * theta @ theta)


def _newton_step(theta: _Vector, x: _Vector, gold: NDArray[np.intp], prior: float) -> _Vector:
    """Natural-gradient step: the Fisher matrix is never indefinite, unlike the Hessian."""
    slope = np.exp(theta[0]) * x
    z = slope + theta[1:]
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    count, width = p.shape
    jacobian = np.concatenate(
        [slope[:, :, None], np.broadcast_to(np.eye(width), (count, width, width))], axis=2
    )
    error = p.copy()
    error[np.arange(count), gold] -= 1
    gradient = np.einsum("nk,nkd->d", error, jacobian) + 2 * prior * theta
    mean = np.einsum("nk,nkd->nd", p, jacobian)
    fisher = np.einsum("nk,nkd,nke->de", p, jacobian, jacobian) - mean.T @ mean
    return -np.linalg.solve(fisher + 2 * prior * np.eye(width + 1), gradient)
