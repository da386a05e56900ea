"""Attention over rows laid end to end on a CPU: rows of one length go through one kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from churon.tools.rerank.torch_model import import_torch

NARROW = 64
"""Heads of a smaller size attend in float32: torch's kernel is 7 to 15 % slower on their bfloat16
(12 heads of 32, 48 to 512 tokens, an EPYC with AVX512-BF16), and as fast on heads of 64."""


@dataclass(frozen=True)
class Run:
    """Neighbouring rows of one length."""

    start: int
    """First token."""
    count: int
    length: int

    @property
    def tokens(self) -> slice:
        """Its part of all tokens."""
        return slice(self.start, self.start + self.count * self.length)


def runs_of(lengths: Sequence[int]) -> list[Run]:
    """Runs of equal lengths, in order."""
    runs, start = [], 0
    for length, same in groupby(lengths):
        run = Run(start, len(list(same)), length)
        runs.append(run)
        start = run.tokens.stop
    return runs


class ByRuns:
    """Each row attends to itself. Rows are sorted by length, or equal ones are not neighbours."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self._runs = runs_of(lengths)

    def everywhere(self, own: Any, hidden: Any) -> Any:
        """(tokens, width) to (tokens, width)."""
        torch, _ = import_torch()
        heads, size = own.num_attention_heads, own.attention_head_size
        projected = own.fused(hidden)
        parts = []
        for run in self._runs:
            shape = (run.count, run.length, 3, heads, size)
            part = projected[run.tokens]
            if size < NARROW:
                part = part.float()
            query, key, value = part.view(shape).permute(2, 0, 3, 1, 4)
            found = torch.nn.functional.scaled_dot_product_attention(query, key, value)
            parts.append(found.transpose(1, 2).reshape(-1, heads * size).to(hidden.dtype))
        return torch.cat(parts)

    def at_firsts(self, own: Any, hidden: Any) -> tuple[Any, Any]:
        """What each row's first token attends to, and that token: (rows, width) each.

        A row has one query here. So it goes back through the keys' weights (K'q . x), instead of
        each token through them (q . Kx), and the values' weights come after the sum over tokens.
        The keys' bias shifts all scores of a row alike, which the softmax forgets.
        """
        torch, _ = import_torch()
        heads, size = own.num_attention_heads, own.attention_head_size
        to_query, to_key, to_value = own.fused.weight.chunk(3)
        query_bias, _, value_bias = own.fused.bias.chunk(3)
        tokens = [hidden[run.tokens].view(run.count, 1, run.length, -1) for run in self._runs]
        read = torch.cat([one[:, 0, 0] for one in tokens])
        query = torch.nn.functional.linear(read, to_query, query_bias).view(-1, heads, size)
        asked = torch.einsum("rhs,hsw->rhw", query, to_key.view(heads, size, -1))
        counts = [run.count for run in self._runs]
        means = [
            torch.nn.functional.scaled_dot_product_attention(
                own_asked[:, None], one, one, scale=size**-0.5
            )
            for own_asked, one in zip(asked.split(counts), tokens, strict=True)
        ]
        mean, values = torch.cat(means)[:, 0], to_value.view(heads, size, -1)
        attended = torch.einsum("rhw,hsw->rhs", mean, values)
        return attended.flatten(1) + value_bias, read
