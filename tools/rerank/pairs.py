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
    segments: tuple[list[int], int, list[int]]
    """Of the tokens before the passage, of the passage's, of those after it."""

    @property
    def types(self) -> list[int]:
        """One segment a token."""
        before, passage, after = self.segments
        return before + [passage] * (len(self.ids) - len(before) - len(after)) + after

    def __hash__(self) -> int:  # lists have none
        return hash(tuple(self.ids))

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
        ahead = first + len(query)
        second = special.index(0, ahead)
        end = second + len(passage)
        ids, self._types = probe.ids, probe.type_ids
        self._before, self._between, self._after = ids[:first], ids[ahead:second], ids[end:]
        self._places = first, ahead, second, end

    def __call__(self, query: str, passages: list[str]) -> list[PairTokens]:
        """The query is cut at 3/4 of the length, then each passage at what is left."""
        head = self._backend.encode(query, add_special_tokens=False).ids
        head = head[: self._max_length * 3 // 4]
        before, after = self._before + head + self._between, self._after
        room = max(0, self._max_length - len(before) - len(after))
        segments = self._segments(len(head))
        # "fast" leaves out the tokens' offsets in the text
        tails = self._backend.encode_batch_fast(passages, add_special_tokens=False)
        return [PairTokens(before + tail.ids[:room] + after, segments) for tail in tails]

    def _segments(self, query: int) -> tuple[list[int], int, list[int]]:
        """For a query of so many tokens."""
        first, ahead, second, end = self._places
        types = self._types
        before = types[:first] + [types[first]] * query + types[ahead:second]
        return before, types[second], types[end:]
