"""The file that the user reviews (CSV or JSON lines) and the log beside it; both only grow."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from churon.evals.datasets.fields import Fields
from churon.evals.datasets.files import cells, delimiter_of, harmless, header_of, lines, text_of
from churon.evals.datasets.table import NAMES, parted
from churon.evals.datasets.texts import barred
from churon.evals.make.proposal import Proposal, Rejected
from churon.nodes.decide import normalised
from churon.tools.errors import InputError
from churon.tools.ingest.encoding import detect

COLUMNS = (
    "accept", "question", "answer", "language", "answerable", "document", "spans", "evidence",
    "tags", "id",
)  # fmt: skip
"""`accept`: yes, no, or empty while nobody has looked. `evidence` is for the reader's eyes."""


class Sheet:
    """Where proposals go. A row that is there is never changed: edits stay as they are."""

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        """Raises InputError for a file that is not one of ours, unless it may be overwritten."""
        self.path, self.log = path, path.with_name(f"{path.name}.log.jsonl")
        if path.suffix.casefold() not in (".csv", ".jsonl"):
            raise InputError(
                f"{str(path)!r} is named neither .csv nor .jsonl.", remedy="Name it so."
            )
        if overwrite:
            path.unlink(missing_ok=True)
            self.log.unlink(missing_ok=True)
        elif not self.log.exists() and self._filled():
            raise InputError(
                f"{str(path)!r} is there already and was not made by `churon eval make`.",
                remedy="Name another file with --output, or give --overwrite.",
            )
        self.tried: set[str] = set()
        """Ids of attempts, those that the user has deleted since among them."""
        self.made: Counter[str] = Counter()
        """Proposals by kind."""
        self.asked: set[str] = set()
        """Questions, normalised."""
        self._learn()

    def _learn(self) -> None:
        for fields in lines(self.log) if self.log.exists() else ():
            self._know(fields.values)
        for fields in self._rows() if self._filled() else ():
            id_ = fields.optional("id")
            self.asked.add(normalised(fields.optional(*NAMES["question"])))
            if id_ and id_ not in self.tried:  # killed between the row and its log line
                self.tried.add(id_)
                self.made.update(parted(fields, "tags")[:1])

    def _know(self, told: Mapping[str, Any]) -> None:
        self.tried.add(str(told.get("id", "")))
        if told.get("outcome") == "proposed":
            self.made[str(told.get("kind", ""))] += 1
            self.asked.add(normalised(str(told.get("question", ""))))

    def _filled(self) -> bool:
        """The file is there, and the user did not empty it."""
        return self.path.exists() and bool(text_of(self.path).strip())

    def _rows(self) -> Iterator[Fields]:
        if self.path.suffix.casefold() != ".csv":
            return lines(self.path)
        self._columns()  # refused before a model is asked
        return cells(self.path)

    def _columns(self) -> list[str]:
        """What each column of the file holds of a row, by its name in COLUMNS; "" for nothing.

        Raises InputError where a row would lose what it is about.
        """
        header = header_of(text_of(self.path))
        ours = {_read(name, header): name for name in COLUMNS}
        for name in ("question", "answer"):
            if not _read(name, header):
                columns = ", ".join(map(repr, header))
                raise InputError(
                    f"{str(self.path)!r}, line 1: there is no column {name!r} among {columns}.",
                    remedy=f"Name one {' or '.join(map(repr, NAMES[name]))}.",
                )
        return [ours.get(name, "") if name else "" for name in header]

    def propose(self, one: Proposal) -> None:
        """Append a row, then a line to the log."""
        row = row_of(one)
        made = self._csv(row) if self.path.suffix.casefold() == ".csv" else _json(row)
        _append(self.path, made)
        said = {"id": one.attempt.id, "kind": one.attempt.kind, "outcome": "proposed"}
        self._logged({**said, "question": one.question, "answer": one.answer})

    def reject(self, one: Rejected) -> None:
        """A line to the log: why there is no row."""
        said = {"id": one.attempt.id, "kind": one.attempt.kind, "outcome": "rejected"}
        words = {"reason": one.reason, "question": one.question, "answer": one.answer}
        self._logged({**said, **words})

    def _logged(self, told: dict[str, str]) -> None:
        _append(self.log, _json(told))
        self._know(told)

    def _csv(self, row: Mapping[str, Any]) -> bytes:
        """The row in the file's own columns, delimiter and encoding: Excel may have changed them.

        Raises InputError where the encoding cannot hold it.
        """
        if not self._filled():
            self.path.unlink(missing_ok=True)
            return _line(COLUMNS, ",").encode("utf-8-sig") + _line(_cells(row), ",").encode()
        text, encoding = text_of(self.path), detect(self.path.read_bytes())
        mark = delimiter_of(text)
        line = _line(_cells(row, self._columns()), mark)
        try:
            return _encoded(line, encoding)
        except UnicodeError as error:
            raise InputError(
                f"{str(self.path)!r} is in {encoding}, to which {row['question']!r} cannot be "
                "added.",
                remedy="Save it as UTF-8 and run this again.",
            ) from error


def row_of(one: Proposal) -> dict[str, Any]:
    """A proposal as the reader of sets reads it."""
    kind, spans = one.attempt.kind, one.spans
    seen = one.attempt.evidence()
    documents = [span["document"] for span in spans] or [held["document"] for held in seen]
    return {
        "accept": "",
        "question": one.question,
        "answer": barred(one.answer),
        "language": one.attempt.language,
        "answerable": "no" if kind == "unanswerable" else "yes",
        "document": list(dict.fromkeys(documents)),
        "spans": [f"{span['document']}:{span['start']}-{span['end']}" for span in spans],
        "evidence": list(one.texts),
        "tags": [kind],
        "id": one.attempt.id,
    }


def _cells(row: Mapping[str, Any], header: Sequence[str] = COLUMNS) -> list[str]:
    return [harmless(_cell(name, row.get(name, ""))) for name in header]


def _cell(name: str, value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    return " | ".join(value if name == "evidence" else map(barred, value))  # evidence: as it stands


def _read(name: str, header: Sequence[str]) -> str:
    """Under which of its names a column is read, "" where it is not there."""
    return next((one for one in NAMES.get(name, (name,)) if one in header), "")


def _line(values: Sequence[str], delimiter: str) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n").writerow(values)
    return buffer.getvalue()


def _encoded(line: str, encoding: str) -> bytes:
    """A line to be added. Raises UnicodeError."""
    if encoding.startswith(("utf-16", "utf-32")):
        raise UnicodeError("a line break is several bytes there")
    return line.encode("utf-8" if encoding == "utf-8-sig" else encoding)


def _json(row: Mapping[str, Any]) -> bytes:
    # a model may write half a surrogate pair, which UTF-8 cannot hold
    return (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _append(path: Path, data: bytes) -> None:
    """One write, whole on disk or not there, whenever the process is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+", buffering=0) as file:
        if file.tell():
            file.seek(-1, 2)
            data = data if file.read(1) == b"\n" else b"\n" + data
        file.write(data)
