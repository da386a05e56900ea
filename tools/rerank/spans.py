"""Attention within sequences of differing lengths laid end to end, as GPUs do it best: one kernel.

FlashAttention (Dao 2023, arXiv 2307.08691) where torch has it for the device and dtype; elsewhere
the sequences are padded, for the attention only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from churon.tools.rerank.torch_model import import_torch

WIDEST = 256
"""Largest head that FlashAttention takes."""


@dataclass(frozen=True)
class Spans:
    """Sequences of queries, and of the keys that each of them sees."""

    queries: Any
    """(sequences + 1,) of int32: where each begins, and the end of the last."""
    keys: Any
    longest_query: int
    longest_key: int


def spans_of(queries: Sequence[int], keys: Sequence[int], device: Any) -> Spans:
    """Spans of these lengths."""
    torch, _ = import_torch()

    def totals(lengths: Sequence[int]) -> Any:
        return torch.tensor([0, *lengths]).cumsum(0).to(torch.int32).to(device)

    return Spans(totals(queries), totals(keys), max(queries), max(keys))


def attend(
    query: Any, key: Any, value: Any, spans: Spans, *, causal: bool = False, scale: Any = None
) -> Any:
    """Attention of each sequence's queries to its keys: (tokens, heads, size) each.

    Keys and values may have fewer heads. `causal`: a sequence's last query sees all its keys, the
    one before it one less, and so on.
    """
    torch, _ = import_torch()
    if not flash(query.dtype, query.device, query.shape[-1]):
        return _padded(query, key, value, spans, causal, scale)
    # Not torch.nn.attention.varlen: younger, without fewer key heads at first, one kernel more
    return torch.ops.aten._flash_attention_forward(
        query, key, value, spans.queries, spans.keys, spans.longest_query, spans.longest_key,
        0.0, causal, False, scale=scale,
    )[0]  # fmt: skip


@cache
def flash(dtype: Any, device: Any, size: int) -> bool:
    """Whether torch has FlashAttention for heads of that size on that device."""
    torch, _ = import_torch()
    if device.type != "cuda" or dtype not in (torch.float16, torch.bfloat16):
        return False
    built = torch.version.cuda is not None and torch.backends.cuda.is_flash_attention_available()
    ampere = (8, 0)
    fits = size <= WIDEST and size % 8 == 0
    return bool(built and fits and torch.cuda.get_device_capability(device) >= ampere)


def _padded(query: Any, key: Any, value: Any, spans: Spans, causal: bool, scale: Any) -> Any:
    torch, _ = import_torch()
    asked, back = _places(spans.queries, spans.longest_query, len(query))
    held, _ = _places(spans.keys, spans.longest_key, len(key))
    many, most = (totals.diff()[:, None, None] for totals in (spans.queries, spans.keys))
    column = torch.arange(spans.longest_key, device=query.device)
    seen = column < most
    if causal:
        row = torch.arange(spans.longest_query, device=query.device)[:, None]
        seen = seen & (column <= row + most - many)
    parts = [
        x[places].transpose(1, 2) for x, places in ((query, asked), (key, held), (value, held))
    ]
    found = torch.nn.functional.scaled_dot_product_attention(
        *parts, attn_mask=seen[:, None], scale=scale, enable_gqa=query.shape[1] != key.shape[1]
    )
    return found.transpose(1, 2).flatten(0, 1)[back]


def _places(totals: Any, longest: int, count: int) -> tuple[Any, Any]:
    """Which of `count` tokens stands where in a padded batch, (sequences, longest), and where in it
    each token stands, (count,).
    """
    torch, _ = import_torch()
    starts, device = totals[:-1].long(), totals.device
    within = torch.arange(longest, device=device)
    numbers = torch.arange(len(starts), device=device)
    owner = torch.repeat_interleave(numbers, totals.diff(), output_size=count)
    back = owner * longest + torch.arange(count, device=device) - starts[owner]
    return (starts[:, None] + within).clamp(max=count - 1), back
