"""BERT-like encoders over rows laid end to end: no padding, the last layer only where it is read.

The layers are the model's own, but for their attention: one projection makes queries, keys and
values, and each row attends to itself.
"""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import Any

import numpy as np

from churon.tools.rerank.dense import fused, in_chunks, pack, pack_activated, packs
from churon.tools.rerank.pairs import PairTokens
from churon.tools.rerank.replays import Replays, rounded
from churon.tools.rerank.runs import ByRuns
from churon.tools.rerank.spans import Spans, attend, flash
from churon.tools.rerank.torch_model import import_torch

FAMILIES = frozenset({"bert", "camembert", "roberta", "xlm-roberta"})
"""`model_type` of the encoders whose layers are laid out as BERT's."""
REPLAYED = 16_384
"""Tokens. On a GPU smaller passes are replayed: starting their kernels one by one takes as long as
the kernels do."""


def prepare(network: Any) -> None:
    """Fuse each layer's projections and pack them, for good: its own forward no longer runs."""
    network.replays = Replays()
    on_cpu = network.device.type == "cpu"
    layers = network.base_model.encoder.layer
    for layer in layers:
        own = layer.attention.self
        own.fused = fused(own.query, own.key, own.value)
        del own.query, own.key, own.value
        if on_cpu and packs(own.fused.weight.dtype):
            if layer is not layers[-1]:  # whose parts are used by themselves
                pack(own, "fused")
            pack(layer.attention.output, "dense")
            pack(layer.output, "dense")
            pack_activated(
                layer.intermediate, "dense", "intermediate_act_fn", network.config.hidden_act
            )


def logits(network: Any, rows: list[PairTokens], *, typed: bool) -> Any:
    """One logit a row, (rows,). `rows`: sorted by length, the longest first."""
    torch, _ = import_torch()
    lengths, device = [len(row) for row in rows], network.device
    if device.type == "cpu":
        laid = torch.from_numpy(_laid(network, rows, typed, lengths, sum(lengths)))
        return _classified(network, laid, len(rows), ByRuns(lengths))
    size = network.config.hidden_size // network.config.num_attention_heads
    tokens, spans, longest = sum(lengths), lengths, max(lengths)
    replayed = tokens <= REPLAYED and flash(network.dtype, device, size)
    if replayed:
        tokens, spans, longest = rounded(lengths)
    laid = torch.from_numpy(_laid(network, rows, typed, spans, tokens))
    laid = laid.pin_memory().to(device, non_blocking=True)
    compute = partial(_on_gpu, network, len(spans), longest)
    found = (
        network.replays((tokens, len(spans), longest), compute, laid) if replayed else compute(laid)
    )
    return found[: len(rows)]


def _laid(network: Any, rows: list[PairTokens], typed: bool, spans: list[int], tokens: int) -> Any:
    """Ids, types and positions of so many tokens, then where each span begins, and the last ends.

    In one piece, to go to a GPU at once. What the rows leave over is zero.
    """
    # RoBERTa counts from behind the padding's id, and stays there at a token of this id
    padding = getattr(network.base_model.embeddings, "padding_idx", -1)
    lengths = [len(row) for row in rows]
    own = sum(lengths)
    laid = np.zeros(3 * tokens + len(spans) + 1, np.int32)
    ids, types, positions = laid[: 3 * tokens].reshape(3, tokens)[:, :own]
    ids[:] = np.fromiter(chain.from_iterable(row.ids for row in rows), np.int32, own)
    if typed:
        types[:] = np.fromiter(chain.from_iterable(row.types for row in rows), np.int32, own)
    np.cumsum(spans, out=laid[3 * tokens + 1 :])
    starts = laid[3 * tokens :][: len(rows)]
    counted = ids != padding
    totals = counted.cumsum()
    before = totals[starts] - counted[starts]
    positions[:] = (totals - np.repeat(before, lengths)) * counted + padding
    return laid


def _on_gpu(network: Any, spans: int, longest: int, laid: Any) -> Any:
    return _classified(network, laid, spans, BySpans(laid[-spans - 1 :], longest))


def _classified(network: Any, laid: Any, spans: int, attention: ByRuns | BySpans) -> Any:
    """(spans,)"""
    base = network.base_model
    ids, types, positions = laid[: -spans - 1].view(3, 1, -1)
    hidden = base.embeddings(input_ids=ids, token_type_ids=types, position_ids=positions)[0]
    *layers, last = base.encoder.layer
    for layer in layers:
        attended = attention.everywhere(layer.attention.self, hidden)
        hidden = in_chunks(partial(_after_attention, layer), attended, hidden)
    first = _after_attention(last, *attention.at_firsts(last.attention.self, hidden))[:, None]
    pooled = first if getattr(base, "pooler", None) is None else base.pooler(first)
    return network.classifier(pooled)[:, 0].float()


def _after_attention(layer: Any, attended: Any, hidden: Any) -> Any:
    return layer.feed_forward_chunk(layer.attention.output(attended, hidden))


class BySpans:
    """As `ByRuns`, rows in any order."""

    def __init__(self, totals: Any, longest: int) -> None:
        """`totals`: (rows + 1,) where each begins, and the last ends; `longest`: of a row."""
        torch, _ = import_torch()
        self._all = Spans(totals, totals, longest, longest)
        ones = torch.arange(len(totals), dtype=torch.int32, device=totals.device)
        self._firsts = Spans(ones, totals, 1, longest)

    def everywhere(self, own: Any, hidden: Any) -> Any:
        """(tokens, width) to (tokens, width)."""
        shape = (len(hidden), 3, own.num_attention_heads, own.attention_head_size)
        query, key, value = own.fused(hidden).view(shape).unbind(1)
        return attend(query, key, value, self._all).flatten(1)

    def at_firsts(self, own: Any, hidden: Any) -> tuple[Any, Any]:
        """What each row's first token attends to, and that token: (rows, width) each."""
        torch, _ = import_torch()
        heads, size = own.num_attention_heads, own.attention_head_size
        width = heads * size
        # empty rows after the last begin where all tokens end
        firsts = self._firsts.keys[:-1].clamp(max=len(hidden) - 1).long()
        read, weight, bias = hidden[firsts], own.fused.weight, own.fused.bias
        query = torch.nn.functional.linear(read, weight[:width], bias[:width])
        rest = torch.nn.functional.linear(hidden, weight[width:], bias[width:])
        key, value = rest.view(-1, 2, heads, size).unbind(1)
        return attend(query.view(-1, heads, size), key, value, self._firsts).flatten(1), read
