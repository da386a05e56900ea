"""MuSiQue's JSON lines (ans and full): the corpus is every paragraph of every question, once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from churon.evals.datasets.case import case
from churon.evals.datasets.dataset import Dataset, Source, assembled, document
from churon.evals.datasets.fields import Fields
from churon.evals.types import Case


def read(path: Path, records: Sequence[Fields]) -> Dataset:
    """The set of these records. Raises InputError.

    `full` holds each question a second time, without its evidence; the paragraphs of the first
    are in the corpus all the same, so that only questions that never have them are unanswerable.
    """
    documents: dict[str, Source] = {}
    cases = [_case(fields, documents) for fields in records]
    answerable = {one["id"] for one in cases if one["answerable"]}
    asked = [one for one in cases if one["answerable"] or one["id"] not in answerable]
    return assembled(path, documents.values(), asked)


def _case(fields: Fields, documents: dict[str, Source]) -> Case:
    relevant: dict[str, int] = {}
    for paragraph in fields.inner("paragraphs"):
        text = paragraph.text("paragraph_text", "title")
        source = document(paragraph.optional("title"), text)
        documents[source["id"]] = source
        if paragraph.flag("is_supporting"):
            relevant[source["id"]] = 1
    id_ = fields.text("id", "_id")
    answerable = fields.flag("answerable") is not False
    return case(
        id_,
        fields.text("question"),
        [*fields.texts("answer"), *fields.texts("answer_aliases")],
        answerable=answerable,
        relevant=relevant if answerable else {},
        tags=[id_.partition("__")[0]],  # "2hop", "3hop1", …
    )
