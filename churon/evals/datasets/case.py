"""Making a case from what its set says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from churon.evals.datasets.fields import verdict
from churon.evals.types import Case, Span
from churon.tools.korean import detect_language, spelt


def case(
    id_: str,
    question: str,
    answers: Sequence[str],
    *,
    language: str = "",
    truth: bool | None = None,
    answerable: bool = True,
    relevant: Mapping[str, int] | None = None,
    spans: Sequence[Span] = (),
    tags: Sequence[str] = (),
) -> Case:
    """A case; what is not said is read off the question and the answers.

    A question whose answers are all "yes" or all "no" is a yes/no question. Korean that is spelt
    apart is composed: what keyboards and models write would equal none of it.
    """
    question, said = spelt(question), list(dict.fromkeys(map(spelt, answers)))
    verdicts = {verdict(one) for one in said}
    if truth is None and len(verdicts) == 1:
        truth = verdicts.pop()
    return Case(
        id=id_,
        question=question,
        language=language or detect_language(question),
        answers=said if answerable else [],
        truth=truth if answerable else None,
        answerable=answerable,
        relevant={spelt(key): grade for key, grade in (relevant or {}).items() if grade > 0},
        spans=[Span(**{**one, "document": spelt(one["document"])}) for one in spans],
        filter=None,  # no set names one; rows have it, and a row's case is held against its set's
        tags=list(dict.fromkeys(spelt(tag) for tag in tags if tag)),
    )
