"""Short answers against the accepted ones: exact match, F1, containment.

An abstention, an error and a run without an answer score 0. The short form of the answer is scored
where the row has one, else the answer itself; where shortening failed there is no score. Yes/no
questions are verdict.py's.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from churon.evals.metrics.measure import Measure
from churon.evals.metrics.normalise import KOREAN, normalised, units
from churon.evals.metrics.outcome import answered, unshortened
from churon.evals.metrics.verdict import accuracy
from churon.evals.types import Row

_HANGUL = "가-힣ㄱ-ㅎㅏ-ㅣ"
_LOOSE_SPACE = re.compile(rf"(?<=[{_HANGUL}])\s+|\s+(?=[{_HANGUL}])")


def exact(answer: str, accepted: Sequence[str], language: str) -> float:
    """1 where the normalised answer is one of the accepted ones."""
    said = normalised(answer, language)
    return float(any(said == normalised(one, language) for one in _scored(accepted, language)))


def f1(answer: str, accepted: Sequence[str], language: str) -> float:
    """F1 over words or, in Korean, characters, with the nearest accepted answer.

    SQuAD v1.1 and v2.0 differ only in answers that normalise to nothing: this is v2.0.
    """
    said = units(answer, language)
    return max(
        (_f1(said, units(one, language), language) for one in _scored(accepted, language)),
        default=0.0,
    )


def _scored(accepted: Sequence[str], language: str) -> list[str]:
    """SQuAD v2.0 leaves out what normalises to nothing, unless that is all there is."""
    held = [one for one in accepted if language == KOREAN or normalised(one, language)]
    return held or list(accepted)


def _f1(said: list[str], wanted: list[str], language: str) -> float:
    if not said or not wanted:
        return float(said == wanted and language != KOREAN)  # KorQuAD's script is v1.1's: 0
    shared = sum((Counter(said) & Counter(wanted)).values())
    return 2 * shared / (len(said) + len(wanted))


def match(answer: str, accepted: Sequence[str], language: str) -> float:
    """1 where an accepted answer stands in the answer, after Self-RAG's evaluation (Asai et al.
    2023, arXiv 2310.11511, section 4.1), but normalised, and no part of a longer word or number:
    "no" is not in "know", nor "19" in "1990". Only Hangul may touch it, as particles do.
    """
    said = _spaced(answer, language)
    wanted = (_spaced(one, language) for one in accepted)
    return float(any(one and _stands(one, said) for one in wanted))


def _spaced(text: str, language: str) -> str:
    """Normalised; spaces beside Hangul are left out, as writers set them differently."""
    return _LOOSE_SPACE.sub("", normalised(unicodedata.normalize("NFKC", text), language))


def _stands(wanted: str, said: str) -> bool:
    word = rf"[^\W{_HANGUL}]"
    before = rf"(?<!{word})" if re.match(word, wanted[0]) else ""
    after = rf"(?!{word})" if re.match(word, wanted[-1]) else ""
    return re.search(before + re.escape(wanted) + after, said) is not None


def _short(row: Row) -> str:
    return row.get("short", row.get("answer", ""))


def _spans(row: Row) -> bool:
    """The case has accepted answers and is no yes/no question."""
    return bool(row["case"]["answers"]) and row["case"]["truth"] is None


def _scored_short(row: Row) -> bool:
    return _spans(row) and not unshortened(row)


def exact_of(row: Row) -> float | None:
    """Exact match of the short form; 0 where nothing was answered."""
    case = row["case"]
    if not _scored_short(row):
        return None
    return exact(_short(row), case["answers"], case["language"]) if answered(row) else 0.0


def f1_of(row: Row) -> float | None:
    """F1 of the short form; 0 where nothing was answered."""
    case = row["case"]
    if not _scored_short(row):
        return None
    return f1(_short(row), case["answers"], case["language"]) if answered(row) else 0.0


def match_of(row: Row) -> float | None:
    """Over the whole answer, not the short form."""
    case = row["case"]
    if not _spans(row):
        return None
    said = row.get("answer", "")
    return match(said, case["answers"], case["language"]) if answered(row) else 0.0


def answer_of(row: Row) -> float | None:
    """Accuracy of a yes/no question, F1 of all others: one figure for a mixed set."""
    return f1_of(row) if row["case"]["truth"] is None else accuracy(row)


_NEEDS = "accepted answers, no yes/no question"
MEASURES = (
    Measure("answer", "accepted answers, or a yes/no question", answer_of),
    Measure("em", _NEEDS, exact_of, binary=True),
    Measure("f1", _NEEDS, f1_of),
    Measure("match", _NEEDS, match_of, binary=True),
    Measure("accuracy", "a yes/no question", accuracy, binary=True),
)
