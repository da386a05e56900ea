"""A folder in BEIR's shape: corpus.jsonl, queries.jsonl and qrels.tsv (or qrels/test.tsv).

Queries may hold more than BEIR's `_id` and `text`: answers, answer_bool, answerable, lang, type,
hops, supporting (ids, where there are no qrels) and supporting_sentences.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from churon.evals.datasets.case import case
from churon.evals.datasets.dataset import Dataset, Source, assembled, document
from churon.evals.datasets.fields import Fields, refused
from churon.evals.datasets.files import lines, tsv
from churon.evals.datasets.texts import composed
from churon.evals.types import Case, Span
from churon.tools.korean import spelt

Judged = dict[str, dict[str, int]]
"""Question id -> document id -> grade."""
_GRADE = re.compile(r"(-?\d+)(?:\.0*)?", re.ASCII)
_SPLITS = ("qrels.tsv", "qrels/test.tsv", "qrels/dev.tsv", "qrels/train.tsv")


def is_beir(path: Path) -> bool:
    """Whether the folder looks like one."""
    return (path / "queries.jsonl").is_file()


def read(path: Path) -> Dataset:
    """Questions without judgement and without answer are left out: there is nothing to score.
    So are documents without text, which some of BEIR's sets hold: nothing can find them.
    """
    left_out: Counter[str] = Counter()
    documents = _documents(path / "corpus.jsonl", left_out)
    judged = _judged(path)
    cases: list[Case] = []
    for fields in lines(path / "queries.jsonl"):
        made = _case(fields, judged, documents)
        if made["answerable"] and not (made["relevant"] or made["answers"]):
            left_out["neither judged nor answered"] += 1
        else:
            cases.append(made)
    return assembled(path, documents.values(), cases, left_out)


def _documents(path: Path, left_out: Counter[str]) -> dict[str, Source]:
    """By id, spelt as cases spell it."""
    if not path.is_file():
        return {}
    found: dict[str, Source] = {}
    empty: list[Fields] = []
    for fields in lines(path):
        title = fields.optional("title")
        text = fields.optional("text") or title  # a set may hold titles alone
        id_ = fields.text("_id", "id")
        if text:
            found[spelt(id_)] = document(title, text, id_)
        else:
            empty.append(fields)
    if empty and not found:
        raise empty[0].bad("text", "is missing or empty, as in all records", "Fill it in.")
    if empty:
        left_out["documents without text"] = len(empty)
    return found


def _judged(path: Path) -> Judged:
    file = next((path / name for name in _SPLITS if (path / name).is_file()), None)
    judged: Judged = {}
    for place, row in tsv(file) if file else ():
        assert file is not None
        grade = _GRADE.fullmatch(row[-1])
        if len(row) != 3 or not grade:
            raise refused(
                file,
                place,
                "there are not three fields: query-id, corpus-id and a whole-number score",
                "Separate them by tabs.",
            )
        judged.setdefault(row[0], {})[row[1]] = int(grade[1])
    return judged


def _case(fields: Fields, judged: Judged, documents: Mapping[str, Source]) -> Case:
    id_ = fields.text("_id", "id")
    supporting = dict.fromkeys(fields.texts("supporting"), 1)
    answerable = fields.flag("answerable")
    hops = fields.optional("hops")
    return case(
        id_,
        fields.text("text"),
        fields.texts("answers"),
        language=fields.language("lang"),
        truth=fields.flag("answer_bool"),
        answerable=answerable is not False,
        relevant=judged.get(id_, supporting),
        spans=_spans(fields, documents),
        tags=[fields.optional("type"), f"{hops}hop" if hops else "", fields.optional("label")],
    )


def _spans(fields: Fields, documents: Mapping[str, Source]) -> list[Span]:
    """Where the supporting sentences stand; those that are not found word for word are left out."""
    spans = []
    for pair in fields.items("supporting_sentences"):
        texts = isinstance(pair, list) and all(isinstance(one, str) for one in pair)
        if not (texts and len(pair) == 2 and spelt(pair[0]) in documents):
            continue
        sentence = composed(pair[1])
        start = documents[spelt(pair[0])]["text"].find(sentence)
        if start >= 0:
            spans.append(Span(document=pair[0], start=start, end=start + len(sentence)))
    return spans
