"""SQuAD 1.1 and 2.0, and KorQuAD 1.0, which has SQuAD's shape: the corpus is every paragraph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from churon.evals.datasets.case import case
from churon.evals.datasets.dataset import Dataset, Source, assembled, document
from churon.evals.datasets.fields import Fields
from churon.evals.datasets.texts import composed
from churon.evals.types import Case, Span


def read(path: Path, root: Fields) -> Dataset:
    """The set of the file's one object. Raises InputError."""
    documents: dict[str, Source] = {}
    cases: list[Case] = []
    for article in root.inner("data"):
        for paragraph in article.inner("paragraphs"):
            source = _source(article.optional("title").replace("_", " "), paragraph)
            documents[source["id"]] = source
            cases += _cases(paragraph, source)
    return assembled(path, documents.values(), cases)


def _source(title: str, paragraph: Fields) -> Source:
    # the text as it stands: answers are found by their place in it
    value = paragraph.values.get("context")
    if not isinstance(value, str) or not value.strip():
        raise paragraph.bad(
            "context", "is missing or empty", "Is it SQuAD's or KorQuAD 1.0's file?"
        )
    return document(title, value)


def _cases(paragraph: Fields, source: Source) -> Iterator[Case]:
    for fields in paragraph.inner("qas"):
        answerable = not fields.flag("is_impossible")
        given = fields.inner("answers") if answerable else []
        if answerable and not given:
            raise fields.bad("answers", "is empty", "Add one, or set is_impossible to true.")
        answers = list(dict.fromkeys(one.text("text") for one in given))
        yield case(
            fields.text("id"),
            fields.text("question"),
            answers,
            answerable=answerable,
            relevant={source["id"]: 1} if answerable else {},
            spans=[span for one in given for span in _span(one, paragraph, source)],
            tags=["extractive" if answerable else "unanswerable"],
        )


def _span(answer: Fields, paragraph: Fields, source: Source) -> list[Span]:
    """Where the answer stands, if it does stand there; the set counts letters as it spells them."""
    start, text = answer.values.get("answer_start"), composed(str(answer.values.get("text", "")))
    if not isinstance(start, int):
        return []
    start = len(composed(paragraph.values["context"][:start]))
    if source["text"][start : start + len(text)] != text:
        return []
    return [Span(document=source["id"], start=start, end=start + len(text))]
