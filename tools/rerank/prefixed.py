"""Decoders of any family: a query's prefix once through the model's own cache."""

from __future__ import annotations

from typing import Any

from churon.tools.rerank.batching import common_prefix
from churon.tools.rerank.forest import sees_all
from churon.tools.rerank.prompted import Prompted, by_query
from churon.tools.rerank.torch_model import import_torch


def logits(network: Any, rows: list[Prompted], device: str, pad_id: int) -> Any:
    """The network's only logit at the last token of each row, (rows,); queries apart."""
    torch, _ = import_torch()
    scores = torch.empty(len(rows), device=device)
    for places in by_query(rows):
        own = [rows[place].ids for place in places]
        scores[places] = _of_one_query(network, own, device, pad_id)
    return scores


def _of_one_query(network: Any, rows: list[tuple[int, ...]], device: str, pad_id: int) -> Any:
    torch, _ = import_torch()
    # Padding between prefix and rest would count in a sliding window; before the row it does not
    longest = max(len(row) for row in rows)
    shared = common_prefix(rows) if len(rows) > 1 and sees_all(network.config, longest) else 0
    past = None
    if shared:
        prefix = torch.tensor([rows[0][:shared]], device=device)
        past = network(input_ids=prefix, use_cache=True, logits_to_keep=1).past_key_values
        past.batch_repeat_interleave(len(rows))
    rests = [list(row[shared:]) for row in rows]
    width = max(len(rest) for rest in rests)
    # Padded between prefix and rest: the last position is then the prompt's end in every row
    padded = [[pad_id] * (width - len(rest)) + rest for rest in rests]
    mask = [[1] * shared + [0] * (width - len(rest)) + [1] * len(rest) for rest in rests]
    attention = torch.tensor(mask, device=device)
    output = network(
        input_ids=torch.tensor(padded, device=device),
        attention_mask=attention,
        past_key_values=past,
        position_ids=(attention.cumsum(-1) - 1).clamp(min=0)[:, shared:],
        use_cache=past is not None,
        logits_to_keep=1,
    )
    return output.logits[:, -1, 0].float()
