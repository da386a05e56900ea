"""The critic's calibration, fitted on what it said in rows of the development questions.

Rows hold P(relevant) and s_sup, not the letters' log-probabilities. Of two labels the odds are all
there is, and a calibration of the odds laid over the one in force is a calibration again. Of three
(support) that holds as far as "partly" is improbable; trials judge what comes of it.

What was so: a passage is relevant if it bears gold evidence; a claim is supported if the answer is
right, and not if it is wrong or the question has no answer. Both are proxies: gold is not complete,
and a wrong answer may be well supported by a passage that is wrong or about something else.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from churon.evals.metrics.answers import answer_of
from churon.evals.metrics.calibration import Pair, brier
from churon.evals.metrics.outcome import abstained, failed
from churon.evals.metrics.places import places, relevant
from churon.evals.types import Row
from churon.tools.models.calibration import Sample, fit
from churon.tools.models.labels import RELEVANCE, SUPPORT, LabelSet
from churon.tools.settings import LabelCalibration, Settings

LEAST, LEAST_OF_EACH = 20, 5
"""Judgements of a label set and language, and those of them on either side."""
_NEAREST = 1e-4
"""To 0 and 1: rows are rounded."""
_YES = {RELEVANCE.name: "Y", SUPPORT.name: "FP"}


@dataclass(frozen=True)
class Fitted:
    """One label set in one language."""

    name: str
    """Such as "support.ko"."""
    n: int
    before: float
    after: float
    """Brier scores on what it was fitted on."""
    calibration: LabelCalibration


def fitted(rows: Sequence[Row], settings: Settings, model: str) -> list[Fitted]:
    """Of each label set and language with enough judgements in the rows; `model` is the critic."""
    held = settings.critic.calibration.get(model, {})
    made = []
    for labels in (RELEVANCE, SUPPORT):
        pairs = _relevance if labels is RELEVANCE else _support
        if labels is RELEVANCE and settings.rerank.provider not in ("none", "late_interaction"):
            continue  # rows do not tell whether the reranker's prior stood
        for language in ("en", "ko"):
            mine = [row for row in rows if row["case"]["language"] == language]
            found = [pair for row in mine if _read(row, labels) for pair in pairs(row)]
            name = f"{labels.name}.{language}"
            if _enough(found):
                made.append(_fitted(name, found, labels, held.get(name) or held.get(labels.name)))
    return made


def calibrated_settings(settings: Settings, found: Sequence[Fitted], model: str) -> Settings:
    """The settings with what was fitted for this model."""
    table = settings.critic.calibration
    mine = {**table.get(model, {}), **{one.name: one.calibration for one in found}}
    critic = settings.critic.model_copy(update={"calibration": {**table, model: mine}})
    return settings.model_copy(update={"critic": critic})


def _read(row: Row, labels: LabelSet) -> bool:
    """All judgements of the row were read off log-probabilities, which calibration is for."""
    fallbacks = [name for name in row.get("degraded", []) if f"critic:{labels.name}:" in name]
    return not failed(row) and all(name.endswith(":low_coverage") for name in fallbacks)


def _relevance(row: Row) -> Iterator[Pair]:
    for one in row.get("read", []) if places(row["case"]) else ():
        if one["relevance"] is not None:
            yield one["relevance"], relevant(row["case"], one)


def _support(row: Row) -> Iterator[Pair]:
    right = answer_of(row) if row["case"]["answerable"] else 0.0
    if right not in (0.0, 1.0) or abstained(row):
        return
    for claim in row.get("claims", []):
        if claim["support_score"] is not None:
            yield claim["support_score"], right == 1.0


def _enough(pairs: Sequence[Pair]) -> bool:
    true = sum(truth for _, truth in pairs)
    return len(pairs) >= LEAST and min(true, len(pairs) - true) >= LEAST_OF_EACH


def _fitted(
    name: str, pairs: Sequence[Pair], labels: LabelSet, held: LabelCalibration | None
) -> Fitted:
    over = fit([_sample(*pair) for pair in pairs])
    after = [(_moved(p, over), truth) for p, truth in pairs]
    laid = _laid(held or LabelCalibration(), over, labels)
    return Fitted(name, len(pairs), brier(pairs) or 0.0, brier(after) or 0.0, laid)


def _sample(probability: float, truth: bool) -> Sample:
    p = min(max(probability, _NEAREST), 1 - _NEAREST)
    return {"Y": math.log(p), "N": math.log(1 - p)}, "Y" if truth else "N"


def _moved(probability: float, over: LabelCalibration) -> float:
    logs: Mapping[str, float] = _sample(probability, True)[0]
    odds = {k: logs[k] / over.temperature + over.offsets[k] for k in logs}
    return 1 / (1 + math.exp(min(odds["N"] - odds["Y"], 700.0)))


def _laid(held: LabelCalibration, over: LabelCalibration, labels: LabelSet) -> LabelCalibration:
    """`over` after `held`, as one: log-probability / (both temperatures) + offsets."""
    sides = {one: "Y" if one in _YES[labels.name] else "N" for one in labels.labels}
    offsets = {
        one: round(held.offsets.get(one, 0.0) / over.temperature + over.offsets[side], 3)
        for one, side in sides.items()
    }
    temperature = min(max(held.temperature * over.temperature, 0.011), 100.0)
    return LabelCalibration(temperature=round(temperature, 3), offsets=offsets)
