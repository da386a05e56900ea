"""The questions of a set in BEIR's shape, and a seeded sample of them (see reasoning.py)."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval import read_jsonl, read_qrels


@dataclass(frozen=True)
class Question:
    """One question; all but `text` and `language` is for scoring alone and enters no prompt."""

    set: str
    id: str
    text: str
    language: str
    positives: tuple[str, ...]
    """Passages that the set's judges call relevant."""
    golds: tuple[str, ...]
    """Accepted short answers; none where the set gives evidence only."""
    truth: bool | None
    """The answer of a set whose questions all are yes/no."""

    def gold(self) -> dict[str, Any]:
        """What scoring needs, for the row."""
        return {
            "question": self.text,
            "positives": list(self.positives),
            "golds": list(self.golds),
            "truth": self.truth,
        }


def sample(folder: Path, n: int, seed: int) -> list[Question]:
    """`n` questions that have judgements; a larger n adds to a smaller one's."""
    judged = read_qrels(folder / "qrels.tsv")
    rows = sorted(read_jsonl(folder / "queries.jsonl"), key=lambda row: str(row["_id"]))
    asked = [row for row in rows if row["_id"] in judged]
    random.Random(seed).shuffle(asked)
    return [_question(folder.name, row, judged[row["_id"]]) for row in asked[:n]]


def _question(name: str, row: dict[str, Any], judged: dict[str, int]) -> Question:
    return Question(
        set=name,
        id=row["_id"],
        text=row["text"],
        language=row.get("lang", "en"),
        positives=tuple(key for key, relevance in judged.items() if relevance > 0),
        golds=tuple(row.get("answers") or ()),
        truth=row.get("answer_bool"),
    )
