"""The user's own questions: CSV or JSON lines.

Columns: question; answers (in CSV parted by "|") or answer; document (path or passage id, several
parted by "|"); language; answerable; and, where they are known, id, truth, tags, spans
("guide.md:120-180") and accept: rows with `no` are left out, rows without yes or no are tagged
"unreviewed". `churon eval make` writes these columns.
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
from churon.evals.types import Case, Span

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
    question = fields.text("question", "질문")
    answers = _parted(fields, "answers", "answer", "정답", "답")
    truth, answerable = fields.flag("truth"), fields.flag("answerable") is not False
    if answerable and not answers and truth is None:
        raise fields.bad("answer", "is empty", "Fill it in, or set answerable to no.")
    documents = _parted(fields, "documents", "document", "문서")
    unreviewed = "accept" in fields.values and fields.flag("accept") is None
    return case(
        fields.optional("id") or hashlib.sha256(question.encode()).hexdigest()[:12],
        question,
        answers,
        language=_language(fields),
        truth=truth,
        answerable=answerable,
        relevant=dict.fromkeys(documents, 1) if answerable else {},
        spans=[_span(fields, text) for text in _parted(fields, "spans")] if answerable else [],
        tags=[*_parted(fields, "tags"), "unreviewed" if unreviewed else ""],
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


def _parted(fields: Fields, *names: str) -> list[str]:
    """A list as it is; one cell parted at "|"."""
    given = fields.texts(*names)
    parts = [part.strip() for text in given for part in text.split("|")]
    return list(dict.fromkeys(part for part in parts if part))


def _language(fields: Fields) -> str:
    given = fields.optional("language", "lang", "언어").casefold()
    named = {"": "", "en": "en", "english": "en", "ko": "ko", "korean": "ko", "한국어": "ko"}
    if given not in named:
        raise fields.bad("language", f"is {given!r}", "Write en or ko, or leave it empty.")
    return named[given]


def _span(fields: Fields, text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if not found or int(found[2]) >= int(found[3]):
        raise fields.bad("spans", f"holds {text!r}", "Write for example guide.md:120-180.")
    return Span(document=found[1], start=int(found[2]), end=int(found[3]))
