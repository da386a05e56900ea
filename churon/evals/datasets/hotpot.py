"""HotpotQA as published (distractor or fullwiki JSON), and as JSON lines.

The corpus is every paragraph of every question, once. In fullwiki a paragraph of the evidence may
be in nobody's context: such a case keeps its answer, its evidence cannot be scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from churon.evals.datasets.case import case
from churon.evals.datasets.dataset import Dataset, Source, assembled, document
from churon.evals.datasets.fields import Fields, kind
from churon.evals.datasets.texts import composed
from churon.evals.types import Case, Span

Paragraph = tuple[str, list[str]]
"""Title and sentences."""


def read(path: Path, records: Sequence[Fields]) -> Dataset:
    """The set of these records. Raises InputError."""
    found: dict[str, Paragraph] = {}
    documents: dict[str, Source] = {}
    for fields in records:
        for title, sentences in _paragraphs(fields):
            source = _source(title, sentences)
            documents[source["id"]] = source
            found.setdefault(title, (source["id"], sentences))
    return assembled(path, documents.values(), [_case(fields, found) for fields in records])


def _source(title: str, sentences: Sequence[str]) -> Source:
    return document(title, "".join(sentences).strip() or title)


def _paragraphs(fields: Fields) -> list[Paragraph]:
    pairs = _pairs(fields, "context", "title", "sentences")
    for number, (_, body) in enumerate(pairs):
        if not isinstance(body, list):
            said = f"holds {kind(body)} for sentences at [{number}]"
            raise fields.bad("context", said, "Is it HotpotQA's file?")
    return [(title, [composed(str(one)) for one in body]) for title, body in pairs]


def _pairs(fields: Fields, name: str, first: str, second: str) -> list[tuple[str, Any]]:
    """`[[title, b], …]` as published, or `{"first": […], "second": […]}` as mirrors have it."""
    value = fields.values.get(name)
    if isinstance(value, Mapping):
        columns = [value.get(one, []) for one in (first, second)]
        apart = all(isinstance(one, list) for one in columns)
        value = list(map(list, zip(*columns, strict=False))) if apart else None
    if not isinstance(value, list):
        raise fields.bad(name, "is not a list of pairs", "Is it HotpotQA's file?")
    for number, pair in enumerate(value):
        if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)):
            said = f"holds no pair of a title and {second} at [{number}]"
            raise fields.bad(name, said, "Is it HotpotQA's file?")
    return [(composed(title), other) for title, other in value]


def _case(fields: Fields, found: Mapping[str, Paragraph]) -> Case:
    facts = _pairs(fields, "supporting_facts", "title", "sent_id")
    titles = list(dict.fromkeys(title for title, _ in facts))
    known = [title for title in titles if title in found]
    whole = len(known) == len(titles)
    spans = [
        span for title, number in facts if title in found for span in _span(*found[title], number)
    ]
    return case(
        fields.text("_id", "id"),
        fields.text("question"),
        [fields.text("answer")],
        relevant=dict.fromkeys((found[title][0] for title in known), 1) if whole else {},
        spans=spans if whole else [],
        tags=[
            fields.optional("type"),
            fields.optional("level"),
            "" if whole else "evidence_missing",
        ],
    )


def _span(document: str, sentences: list[str], number: Any) -> list[Span]:
    """Where one sentence stands in the joined text; none where the set counts wrongly."""
    if not isinstance(number, int) or not 0 <= number < len(sentences):
        return []
    lead = "".join(sentences)
    skipped = len(lead) - len(lead.lstrip())
    start = max(sum(map(len, sentences[:number])) - skipped, 0)
    text = lead.strip()[start : start + len(sentences[number])]
    start += len(text) - len(text.lstrip())
    return [Span(document=document, start=start, end=start + len(text.strip()))]
