"""A comparison in words: what was found, or what could not have been."""

from __future__ import annotations

from typing import Literal

from churon.evals.compare import Comparison
from churon.evals.metrics import MEASURES
from churon.evals.report.numbers import chance, digits, number
from churon.evals.report.words import say
from churon.tools.types import Language

ALPHA = 0.05
Finding = Literal["few", "same", "none", "hint", "better", "worse", "more", "fewer"]


def finding(one: Comparison) -> Finding:
    """The kind of sentence; `more` and `fewer` are of measures that count what was spent."""
    if one.n < 3:
        return "few"
    if not one.wins and not one.losses:
        return "same"
    if one.adjusted_p >= ALPHA:
        if one.p < ALPHA:
            return "hint"
        return "none" if one.detectable is not None else "few"
    up = one.difference > 0
    if MEASURES[one.measure].better < 0:
        return "more" if up else "fewer"
    return "better" if up else "worse"


def sentence(one: Comparison, family: int, language: Language) -> str:
    """For readers who know no statistics; `family` counts the comparisons that Holm's is over."""
    places = digits(one.measure)
    values = {
        "a": one.a,
        "b": one.b,
        "n": one.n,
        "measure": say(language, f"measure.{one.measure}"),
        "mean_a": number(one.mean_a, places),
        "mean_b": number(one.mean_b, places),
        "difference": number(one.difference, places, sign=True),
        "low": number(one.low, places, sign=True),
        "high": number(one.high, places, sign=True),
        "detectable": number(one.detectable, places),
        "p": chance(one.p),
        "adjusted": chance(one.adjusted_p),
        "family": family,
    }
    return say(language, f"found.{finding(one)}", **values)
