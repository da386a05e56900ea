"""Which reader a file or folder needs: by its content, or named."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from churon.evals.datasets import beir, hotpot, musique, squad, table
from churon.evals.datasets.dataset import Dataset
from churon.evals.datasets.fields import Fields, kind
from churon.evals.datasets.files import cells, lines, text_of, whole
from churon.tools.errors import InputError

FORMATS = ("beir", "hotpotqa", "musique", "squad", "korquad", "csv", "jsonl")
_BY_RECORDS: dict[str, Callable[[Path, Sequence[Fields]], Dataset]] = {
    "hotpotqa": hotpot.read,
    "musique": musique.read,
    "jsonl": table.read,
}


def load(path: Path, form: str | None = None) -> Dataset:
    """The set at `path`; `form` is one of FORMATS. Raises InputError that says what to mend."""
    if form is not None and form not in FORMATS:
        raise InputError(
            f"There is no format {form!r}.", remedy=f"Use one of {', '.join(FORMATS)}."
        )
    if not path.exists():
        raise InputError(f"There is no file or folder {str(path)!r}.", remedy="Check the path.")
    form = form or _form(path)
    if form == "beir":
        if not beir.is_beir(path):
            raise InputError(
                f"{str(path)!r} has no queries.jsonl.",
                remedy="Name a folder with corpus.jsonl, queries.jsonl and qrels.tsv, or a file.",
            )
        return beir.read(path)
    if form == "csv":
        return table.read(path, _with_question(path, cells(path)))
    if form in ("squad", "korquad"):
        return squad.read(path, _root(path))
    return _BY_RECORDS[form](path, _records(path))


def _form(path: Path) -> str:
    if path.is_dir():
        return "beir"
    text = text_of(path).lstrip()
    if text[:1] not in ("{", "["):
        return "csv"
    first = _first(path, text)
    if "paragraphs" in first and "question" in first:
        return "musique"
    if "supporting_facts" in first and "context" in first:
        return "hotpotqa"
    if isinstance(first.get("data"), list):
        return "squad"
    if set(table.NAMES["question"]) & set(first):
        return "jsonl"
    names = ", ".join(map(repr, list(first)[:8])) or "nothing"
    raise InputError(
        f"{str(path)!r} has no format that is known: its first record holds {names}.",
        remedy=f"Name the format with --format: one of {', '.join(FORMATS)}.",
    )


def _first(path: Path, text: str) -> Mapping[str, Any]:
    """The first record of JSON lines, of a JSON list, or the one object itself."""
    try:
        value = json.loads(text.split("\n", 1)[0])
    except (json.JSONDecodeError, RecursionError):
        value = whole(path)
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, Mapping) else {}


def _records(path: Path) -> list[Fields]:
    """The records of JSON lines or of a JSON list."""
    if not text_of(path).lstrip().startswith("["):
        return list(lines(path))
    root = Fields(path, "", {"": whole(path)})
    return root.inner("")


def _root(path: Path) -> Fields:
    value = whole(path)
    if not isinstance(value, Mapping) or not isinstance(value.get("data"), list):
        raise InputError(
            f"{str(path)!r}: the field 'data' is not a list but {kind(value)}.",
            remedy="Is it SQuAD's or KorQuAD 1.0's file?",
        )
    return Fields(path, "", value)


def _with_question(path: Path, rows: Any) -> list[Fields]:
    found: list[Fields] = list(rows)
    if found and not set(table.NAMES["question"]) & set(found[0].values):
        columns = ", ".join(map(repr, found[0].values)) or "none"
        raise InputError(
            f"{str(path)!r}, line 1: there is no column 'question' among {columns}.",
            remedy="Name the columns question, answer, document, language, answerable.",
        )
    return found
