"""A folder in BEIR's shape: corpus.jsonl, queries.jsonl and qrels.tsv (or qrels/test.tsv).

Queries may hold more than BEIR's `_id` and `text`: answers, answer_bool, answerable, lang, type,
hops, supporting (ids, where there are no qrels) and supporting_sentences.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from churon.evals.datasets.case import case
from churon.evals.datasets.dataset import Dataset, Source, assembled
from churon.evals.datasets.fields import Fields, refused
from churon.evals.datasets.files import lines, tsv
from churon.evals.types import Case, Span

Judged = dict[str, dict[str, int]]
"""Question id -> document id -> grade."""
_SPLITS = ("qrels.tsv", "qrels/test.tsv", "qrels/dev.tsv", "qrels/train.tsv")


def is_beir(path: Path) -> bool:
    """Whether the folder looks like one."""
    return (path / "queries.jsonl").is_file()


def read(path: Path) -> Dataset:
    """Questions without judgement and without answer are left out: there is nothing to score."""
    documents = _documents(path / "corpus.jsonl")
    judged = _judged(path)
    cases: list[Case] = []
    left_out: Counter[str] = Counter()
    for fields in lines(path / "queries.jsonl"):
        made = _case(fields, judged, documents)
        if made["answerable"] and not (made["relevant"] or made["answers"]):
            left_out["neither judged nor answered"] += 1
        else:
            cases.append(made)
    return assembled(path, documents.values(), cases, left_out)


def _documents(path: Path) -> dict[str, Source]:
    if not path.is_file():
        return {}
    found: dict[str, Source] = {}
    for fields in lines(path):
        title = fields.optional("title")
        text = fields.optional("text") or title  # a set may hold titles alone
        id_ = fields.text("_id", "id")
        if not text:
            raise fields.bad("text", "is missing or empty", "Fill it in, or remove the record.")
        found[id_] = Source(id=id_, title=title, text=text)
    return found


def _judged(path: Path) -> Judged:
    file = next((path / name for name in _SPLITS if (path / name).is_file()), None)
    judged: Judged = {}
    for place, row in tsv(file) if file else ():
        assert file is not None
        if len(row) != 3 or not row[2].strip().lstrip("-").isdigit():
            raise refused(
                file,
                place,
                "there are not three fields: query-id, corpus-id and a whole-number score",
                "Separate them by tabs.",
            )
        judged.setdefault(row[0], {})[row[1]] = int(row[2])
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
        language=fields.optional("lang"),
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
        if not (isinstance(pair, list) and len(pair) == 2 and pair[0] in documents):
            continue
        start = documents[pair[0]]["text"].find(pair[1])
        if start >= 0:
            spans.append(Span(document=pair[0], start=start, end=start + len(pair[1])))
    return spans
