"""Token ids of (query, passage) pairs for decoders, with the prompt that they were trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

PROMPT = (
    "Given a query A and a passage B, determine whether the passage contains an answer to the "
    "query by providing a prediction of either 'Yes' or 'No'."
)
"""The models' training prompt (model card of BAAI/bge-reranker-v2-gemma)."""


@dataclass(frozen=True)
class Prompted:
    """One pair."""

    ids: tuple[int, ...]
    head: int
    """So many of `ids` come before the passage: the same for all passages of a query."""

    def __len__(self) -> int:
        return len(self.ids)


class PromptEncoder:
    """Lays pairs out as `<bos>A: query \\n B: passage \\n PROMPT`."""

    def __init__(self, tokenizer: Any, max_length: int) -> None:
        """`max_length`: tokens of query and passage together; the prompt comes on top."""
        self._tokenizer = tokenizer
        self._max_length = max_length
        bos = tokenizer.bos_token_id
        self._start = [] if bos is None or bos == tokenizer.pad_token_id else [bos]
        self._separator, prompt = self.ids(["\n", PROMPT])
        self.suffix = self._separator + prompt
        """What every pair ends with, and what is never cut."""
        self.on_top = 2 * len(self.suffix)
        """Tokens of the longest pair beside `max_length`."""

    def __call__(self, query: str, passages: list[str]) -> list[Prompted]:
        """The query is cut at 3/4 of the length, then each passage at what is left."""
        cut = self.ids([f"A: {query}"])[0][: self._max_length * 3 // 4]
        head = self._start + cut + self._separator
        room = max(0, self._max_length + len(self.suffix) - len(head))
        bodies = self.ids([f"B: {passage}" for passage in passages])
        return [
            Prompted(tuple(head + body[: self._max_length][:room] + self.suffix), len(head))
            for body in bodies
        ]

    def ids(self, texts: list[str]) -> list[list[int]]:
        """Without special tokens; without truncation, which changes the shared tokenizer."""
        encoded = self._tokenizer(texts, add_special_tokens=False, verbose=False)
        found: list[list[int]] = encoded["input_ids"]
        return found


def by_query(rows: Sequence[Prompted]) -> list[list[int]]:
    """Places of the rows, those with the same head together."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for place, row in enumerate(rows):
        groups.setdefault(row.ids[: row.head], []).append(place)
    return list(groups.values())
