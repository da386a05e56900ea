r"""The user's own questions: CSV or JSON lines.

Columns: question; answer, or answers; document (path or passage id); language; answerable; and,
where they are known, id, truth, tags, spans ("guide.md:120-180") and accept: rows with `no` are
left out, rows without yes or no are tagged "unreviewed". `churon eval make` writes these columns.

Several answers, documents, tags or spans in one cell are parted by "|"; a bar of their own has a
backslash before it: `P(A\|B) | P(A, B)` are two. A JSON list is taken as it is.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from churon.evals.datasets.case import case
from churon.evals.datasets.dataset import Dataset, assembled
from churon.evals.datasets.fields import Fields
from churon.evals.datasets.texts import parts
from churon.evals.types import Case, Span
from churon.tools.korean import spelt

NAMES = {
    "question": ("question", "질문"),
    "answer": ("answers", "answer", "정답", "답"),
    "document": ("documents", "document", "문서"),
    "language": ("language", "lang", "언어"),
}
"""What columns may be called. Of several, the first that is filled in is read."""
_SPAN = re.compile(r"(.+):(\d+)-(\d+)")


def read(path: Path, records: Iterable[Fields]) -> Dataset:
    """The set of these records; it has no documents. Raises InputError."""
    cases: list[Case] = []
    left_out: Counter[str] = Counter()
    places: dict[str, str] = {}
    for fields in records:
        if fields.flag("accept") is False:
            left_out["not accepted"] += 1
        else:
            cases.append(made := _case(fields))
            if not fields.optional("id"):
                _refuse_twice(fields, made["question"], places)
    return assembled(path, (), cases, left_out)


def _case(fields: Fields) -> Case:
    question = spelt(fields.text(*NAMES["question"]))
    answers = parted(fields, *NAMES["answer"])
    truth, answerable = fields.flag("truth"), fields.flag("answerable") is not False
    if answerable and not answers and truth is None:
        raise fields.bad("answer", "is empty", "Fill it in, or set answerable to no.")
    documents = parted(fields, *NAMES["document"])
    unreviewed = "accept" in fields.values and fields.flag("accept") is None
    return case(
        fields.optional("id") or hashlib.sha256(question.encode()).hexdigest()[:12],
        question,
        answers,
        language=fields.language(*NAMES["language"]),
        truth=truth,
        answerable=answerable,
        relevant=dict.fromkeys(documents, 1) if answerable else {},
        spans=[_span(fields, text) for text in parted(fields, "spans")] if answerable else [],
        tags=[*parted(fields, "tags"), "unreviewed" if unreviewed else ""],
    )


def _refuse_twice(fields: Fields, question: str, places: dict[str, str]) -> None:
    """A question without an id is known by its text, and can stand in one place only."""
    if first := places.get(question):
        raise fields.bad(
            "question",
            f"is {question!r}, which {first} asks too",
            "Remove one, put all answers into one row with | between them, or add a column id.",
        )
    places[question] = fields.place


def parted(fields: Fields, *names: str) -> list[str]:
    """A list as it is; one cell parted at its bars."""
    name = next((one for one in names if fields.values.get(one) not in (None, "")), names[0])
    given = fields.texts(name)
    if isinstance(fields.values.get(name), list):
        return given
    return list(dict.fromkeys(part for text in given for part in parts(text) if part))


def _span(fields: Fields, text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if not found or int(found[2]) >= int(found[3]):
        raise fields.bad("spans", f"holds {text!r}", "Write for example guide.md:120-180.")
    return Span(document=found[1], start=int(found[2]), end=int(found[3]))
