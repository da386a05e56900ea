"""BERT-like encoders over rows laid end to end: no padding, the last layer only where it is read.

The layers are the model's own, but for their attention: one projection makes queries, keys and
values, and each row attends to itself. Equal lengths go through one kernel together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from churon.tools.rerank.dense import fused, in_chunks, pack, pack_activated, packs
from churon.tools.rerank.pairs import PairTokens
from churon.tools.rerank.torch_model import import_torch

FAMILIES = frozenset({"bert", "camembert", "roberta", "xlm-roberta"})
"""`model_type` of the encoders whose layers are laid out as BERT's."""


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


def prepare(network: Any) -> None:
    """Fuse and pack each layer's projections, for good: its own forward no longer runs."""
    layers = network.base_model.encoder.layer
    for layer in layers:
        own = layer.attention.self
        own.fused = fused(own.query, own.key, own.value)
        del own.query, own.key, own.value
        if packs(own.fused.weight.dtype):
            if layer is not layers[-1]:  # whose parts are used by themselves
                pack(own, "fused")
            pack(layer.attention.output, "dense")
            pack(layer.output, "dense")
            pack_activated(
                layer.intermediate, "dense", "intermediate_act_fn", network.config.hidden_act
            )


def logits(network: Any, rows: list[PairTokens], *, typed: bool) -> Any:
    """One logit a row, (rows,). `rows`: sorted by length, or equal lengths are not neighbours."""
    base = network.base_model
    runs = runs_of([len(row) for row in rows])
    hidden = _embedded(base.embeddings, rows, typed)
    *layers, last = base.encoder.layer
    for layer in layers:
        attended = _attended(layer.attention.self, hidden, runs)
        hidden = in_chunks(partial(_after_attention, layer), attended, hidden)
    first = _last_layer(last, hidden, runs)[:, None]
    pooled = first if getattr(base, "pooler", None) is None else base.pooler(first)
    return network.classifier(pooled)[:, 0].float()


def _embedded(embeddings: Any, rows: list[PairTokens], typed: bool) -> Any:
    """(tokens, width)."""
    torch, _ = import_torch()
    offset = getattr(embeddings, "padding_idx", -1) + 1  # RoBERTa counts on from its padding

    def flat(values: Any) -> Any:
        return torch.tensor([[x for one in values for x in one]])

    return embeddings(
        input_ids=flat(row.ids for row in rows),
        token_type_ids=flat(row.types for row in rows) if typed else None,
        position_ids=flat(range(offset, offset + len(row)) for row in rows),
    )[0]


def _attended(own: Any, hidden: Any, runs: list[Run]) -> Any:
    """Attention within each row, (tokens, width) to (tokens, width)."""
    torch, _ = import_torch()
    heads, size = own.num_attention_heads, own.attention_head_size
    projected = own.fused(hidden)
    parts = []
    for run in runs:
        shape = (run.count, run.length, 3, heads, size)
        part = projected[run.tokens]
        if size < NARROW:
            part = part.float()
        query, key, value = part.view(shape).permute(2, 0, 3, 1, 4)
        found = torch.nn.functional.scaled_dot_product_attention(query, key, value)
        parts.append(found.transpose(1, 2).reshape(-1, heads * size).to(hidden.dtype))
    return torch.cat(parts)


def _last_layer(layer: Any, hidden: Any, runs: list[Run]) -> Any:
    """The layer's output at the first token of each row, (rows, width).

    A row has one query here. So it goes back through the keys' weights (K'q . x), instead of each
    token through them (q . Kx), and the values' weights come after the sum over tokens. The keys'
    bias shifts all scores of a row alike, which the softmax forgets.
    """
    torch, _ = import_torch()
    own = layer.attention.self
    heads, size = own.num_attention_heads, own.attention_head_size
    to_query, to_key, to_value = own.fused.weight.chunk(3)
    query_bias, _, value_bias = own.fused.bias.chunk(3)
    tokens = [hidden[run.tokens].view(run.count, 1, run.length, -1) for run in runs]
    read = torch.cat([one[:, 0, 0] for one in tokens])
    query = torch.nn.functional.linear(read, to_query, query_bias).view(-1, heads, size)
    asked = torch.einsum("rhs,hsw->rhw", query, to_key.view(heads, size, -1))
    means = [
        torch.nn.functional.scaled_dot_product_attention(
            own_asked[:, None], one, one, scale=size**-0.5
        )
        for own_asked, one in zip(asked.split([run.count for run in runs]), tokens, strict=True)
    ]
    attended = torch.einsum("rhw,hsw->rhs", torch.cat(means)[:, 0], to_value.view(heads, size, -1))
    return _after_attention(layer, attended.flatten(1) + value_bias, read)


def _after_attention(layer: Any, attended: Any, hidden: Any) -> Any:
    return layer.feed_forward_chunk(layer.attention.output(attended, hidden))
