"""Token ids of (query, passage) pairs for sequence classifiers, without a tokenizer's shared state.

The tokenizer's own truncation is switched on and off per call and shared by all threads; here texts
are tokenised whole and cut as ids, and the special tokens are read off one probe pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PairTokens:
    """One pair: its token ids, and the segment (BERT's token type) of each."""

    ids: list[int]
    types: list[int]

    def __len__(self) -> int:
        return len(self.ids)


class PairEncoder:
    """Lays pairs out as the model was trained, such as `<s> query </s></s> passage </s>`."""

    def __init__(self, tokenizer: Any, max_length: int) -> None:
        """`tokenizer`: a fast transformers tokenizer; `max_length`: tokens of a whole pair."""
        self._backend = tokenizer.backend_tokenizer
        self._backend.no_truncation()
        self._backend.no_padding()
        self._max_length = max_length
        query, passage = self._backend.encode_batch(["a", "b"], add_special_tokens=False)
        probe = self._backend.post_process(query, passage, True)
        special = probe.special_tokens_mask
        first = special.index(0)
        second = special.index(0, first + len(query))
        end = second + len(passage)
        ids, types = probe.ids, probe.type_ids
        self._before = PairTokens(ids[:first], types[:first])
        self._between = PairTokens(
            ids[first + len(query) : second], types[first + len(query) : second]
        )
        self._after = PairTokens(ids[end:], types[end:])
        self._types = (types[first], types[second])

    def __call__(self, query: str, passages: list[str]) -> list[PairTokens]:
        """The query is cut at 3/4 of the length, then each passage at what is left."""
        head = self._backend.encode(query, add_special_tokens=False).ids
        head = head[: self._max_length * 3 // 4]
        special = len(self._before) + len(self._between) + len(self._after)
        room = max(0, self._max_length - special - len(head))
        tails = self._backend.encode_batch(passages, add_special_tokens=False)
        return [self._join(head, tail.ids[:room]) for tail in tails]

    def _join(self, head: list[int], tail: list[int]) -> PairTokens:
        before, between, after = self._before, self._between, self._after
        first, second = self._types
        return PairTokens(
            before.ids + head + between.ids + tail + after.ids,
            before.types + [first] * len(head) + between.types + [second] * len(tail) + after.types,
        )
