"""Scores of one answer and intervals over many; pure, used by reasoning.py.

F1 and EM after SQuAD's normalisation (Rajpurkar et al. 2016, their evaluation script), which is
extended to all of Unicode's punctuation. An abstention scores 0 on every measure of the answer.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

RESAMPLES = 2_000
_CLOSED = ("yes", "no")
_YES = re.compile(r"(yes|true|예|네|그렇\w*|맞\w*|사실\w*|참)")
_NO = re.compile(r"(no|not|false|아니\w*|아닙\w*|아닌\w*|거짓\w*|틀[리렸린]\w*)")


def normalised(text: str) -> str:
    """Lower case without punctuation, articles and repeated white space."""
    lowered = unicodedata.normalize("NFKC", text).lower()
    kept = "".join(one for one in lowered if not _is_punctuation(one))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", kept).split())


def _is_punctuation(one: str) -> bool:
    return one in string.punctuation or unicodedata.category(one).startswith("P")


def exact(answer: str, golds: Sequence[str]) -> float:
    """1 where the normalised answer is one of the golds."""
    return float(normalised(answer) in {normalised(gold) for gold in golds})


def f1(answer: str, golds: Sequence[str]) -> float:
    """Token F1 with the nearest gold."""
    return max((_f1(normalised(answer).split(), normalised(g).split()) for g in golds), default=0.0)


def _f1(answer: list[str], gold: list[str]) -> float:
    if not answer or not gold:
        return float(answer == gold)
    shared = sum((Counter(answer) & Counter(gold)).values())
    return 2 * shared / (len(answer) + len(gold))


def match(answer: str, golds: Sequence[str]) -> float:
    """1 where a gold stands in the long answer: Self-RAG's measure.

    "yes" and "no" must be words there, as "no" also stands in "know".
    """
    said = normalised(answer)
    wanted = [gold for gold in map(normalised, golds) if gold]
    return float(any(gold in (said.split() if gold in _CLOSED else said) for gold in wanted))


def verdict(short: str) -> bool | None:
    """What a short answer says to a yes/no question, in either language; None: neither.

    Korean denies at the end ("사실이 아닙니다"), so any word of denial after the first decides too.
    """
    words = normalised(short).split()
    if any(_NO.fullmatch(word) for word in words):
        return False
    return True if words and _YES.fullmatch(words[0]) else None


def abstained(row: Mapping[str, Any]) -> bool:
    """The run gave no answer: it said so, or its budget ended before there was one."""
    return row["status"] == "abstained" or not row["claims"]


def scores(row: Mapping[str, Any]) -> dict[str, float | None]:
    """Every measure of one row, None where it has no meaning."""
    positives, seen = set(row["positives"]), set(row["read"])
    found = len(positives & seen) / len(positives)
    answered = not abstained(row)
    made: dict[str, float | None] = {
        "recall": found,
        "all": float(found == 1),
        "abstained": float(not answered),
        **dict.fromkeys(("f1", "em", "match", "accuracy", "answer")),
    }
    if row["truth"] is not None:
        made["accuracy"] = float(answered and verdict(row["short"]) is row["truth"])
    elif row["golds"]:
        made["f1"] = f1(row["short"], row["golds"]) if answered else 0.0
        made["em"] = exact(row["short"], row["golds"]) if answered else 0.0
        made["match"] = match(row["answer"], row["golds"]) if answered else 0.0
    made["answer"] = made["f1"] if made["accuracy"] is None else made["accuracy"]
    return made


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval; NaN throughout for no values."""

    n: int
    mean: float
    low: float
    high: float


def interval(values: Iterable[float | None], seed: int = 7) -> Interval:
    """Percentile bootstrap over questions; values of None are left out.

    For a paired comparison give the differences.
    """
    held = np.array([value for value in values if value is not None], dtype=float)
    if not held.size:
        return Interval(0, float("nan"), float("nan"), float("nan"))
    drawn = np.random.default_rng(seed).integers(0, held.size, (RESAMPLES, held.size))
    low, high = np.percentile(held[drawn].mean(axis=1), [2.5, 97.5])
    return Interval(held.size, float(held.mean()), float(low), float(high))


def differences(
    pairs: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]],
    measure: str,
    score: Callable[[Mapping[str, Any]], Mapping[str, float | None]] = scores,
) -> list[float]:
    """Second minus first, for the pairs where the measure has a meaning."""
    made = [(score(first)[measure], score(second)[measure]) for first, second in pairs]
    return [second - first for first, second in made if first is not None and second is not None]
