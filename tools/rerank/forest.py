"""Llama-like decoders over rows laid end to end as a forest: what rows begin with is there once.

A tree is what the rows of one query begin with, its trunk, and the rest of each row, its branches.
No padding and no cache of keys and values; the last layer's queries and feed-forward part run only
at each row's end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from churon.tools.rerank.batching import common_prefix
from churon.tools.rerank.dense import fused, in_chunks, pack, pack_activated, packs
from churon.tools.rerank.prompted import Prompted, by_query
from churon.tools.rerank.spans import attend, spans_of
from churon.tools.rerank.torch_model import import_torch

FAMILIES = frozenset({"gemma", "llama", "mistral", "qwen2"})
"""`model_type` of the decoders whose layers are laid out as Llama's."""


def grows(config: Any, longest: int) -> bool:
    """Whether a model's rows of up to `longest` tokens can run here: each token sees all before it,
    and no more.
    """
    both_ways = getattr(config, "use_bidirectional_attention", False)
    return config.model_type in FAMILIES and not both_ways and sees_all(config, longest)


def sees_all(config: Any, longest: int) -> bool:
    """Whether no sliding window hides the first of so many tokens from the last."""
    window = getattr(config, "sliding_window", None)
    return window is None or window >= longest


@dataclass(frozen=True)
class Branch:
    """The rest of a row."""

    row: int
    """Its place in the batch."""
    tokens: slice
    shared: int
    """Tokens of its trunk."""

    @cached_property
    def mask(self) -> Any:
        """(its tokens, the row's tokens) of bool: what each sees of trunk and branch."""
        torch, _ = import_torch()
        own = self.tokens.stop - self.tokens.start
        return torch.ones(own, self.shared + own, dtype=torch.bool).tril(self.shared)


@dataclass(frozen=True)
class Tree:
    """Rows of one query."""

    trunk: slice
    branches: list[Branch]


@dataclass(frozen=True)
class Forest:
    """A batch of rows."""

    ids: Any
    """(tokens,)"""
    positions: Any
    """(tokens,) in their rows."""
    ends: Any
    """(rows,) the last token of each, in the rows' order."""
    trees: list[Tree]


def planted(rows: Sequence[Prompted]) -> Forest:
    """The rows as a forest. A row alone is a branch without a trunk."""
    torch, _ = import_torch()
    ids: list[int] = []
    positions: list[int] = []
    ends, trees = [0] * len(rows), []

    def lay(row: tuple[int, ...], first: int, stop: int) -> slice:
        ids.extend(row[first:stop])
        positions.extend(range(first, stop))
        return slice(len(ids) - (stop - first), len(ids))

    for places in by_query(rows):
        group = [rows[place].ids for place in places]
        shared = common_prefix(group) if len(group) > 1 else 0
        tree = Tree(lay(group[0], 0, shared), [])
        for place, row in zip(places, group, strict=True):
            tokens = lay(row, shared, len(row))
            tree.branches.append(Branch(place, tokens, shared))
            ends[place] = tokens.stop - 1
        trees.append(tree)
    return Forest(torch.tensor(ids), torch.tensor(positions), torch.tensor(ends), trees)


def prepare(network: Any) -> None:
    """Fuse each layer's projections and pack them, for good: its own forward no longer runs."""
    on_cpu = network.device.type == "cpu"
    for layer in network.model.layers:
        own = layer.self_attn
        own.fused = fused(own.q_proj, own.k_proj, own.v_proj)
        del own.q_proj, own.k_proj, own.v_proj
        if on_cpu and packs(own.fused.weight.dtype):
            pack(own, "fused")
            pack(own, "o_proj")
            pack(layer.mlp, "up_proj")
            pack(layer.mlp, "down_proj")
            pack_activated(layer.mlp, "gate_proj", "act_fn", network.config.hidden_act)


def last_hidden(model: Any, rows: Sequence[Prompted]) -> Any:
    """The model's output at the last token of each row, (rows, width)."""
    forest, device = planted(rows), model.device
    attention = ByBranches(forest) if device.type == "cpu" else BySpans(forest, device)
    hidden = model.embed_tokens(forest.ids.to(device))
    angles = model.rotary_emb(hidden, forest.positions[None].to(device))
    rotation = [part[0, :, None] for part in angles]
    *layers, last = model.layers
    for layer in layers:
        attended = attention.everywhere(layer, *_projected(layer, hidden, rotation))
        hidden = in_chunks(partial(_after_attention, layer), attended, hidden)
    attended = attention.at_ends(last, *_projected(last, hidden, rotation))
    return model.norm(_after_attention(last, attended, hidden[forest.ends.to(device)]))


class ByBranches:
    """Attention branch by branch, each to its trunk and itself: best on a CPU."""

    def __init__(self, forest: Forest) -> None:
        self._forest = forest

    def everywhere(self, layer: Any, query: Any, key: Any, value: Any) -> Any:
        """(tokens, heads * size)."""
        torch, _ = import_torch()
        attended = torch.empty_like(query)
        for tree in self._forest.trees:
            if tree.trunk.start < tree.trunk.stop:
                trunk = [_by_head(x[tree.trunk]) for x in (query, key, value)]
                attended[tree.trunk] = _attend(layer, *trunk, is_causal=True)[0].transpose(0, 1)
            for branch in tree.branches:
                row = [_by_head(_row(x, tree, branch)) for x in (key, value)]
                asked = _by_head(query[branch.tokens])
                found = _attend(layer, asked, *row, attn_mask=branch.mask)
                attended[branch.tokens] = found[0].transpose(0, 1)
        return attended.flatten(1)

    def at_ends(self, layer: Any, query: Any, key: Any, value: Any) -> Any:
        """Of each row's last token, (rows, heads * size)."""
        asked = query[self._forest.ends]
        for tree in self._forest.trees:
            for branch in tree.branches:
                row = [_by_head(_row(x, tree, branch)) for x in (key, value)]
                found = _attend(layer, _by_head(asked[branch.row, None]), *row)
                asked[branch.row] = found[0, :, 0]
        return asked.flatten(1)


class BySpans:
    """The same in one kernel, a branch's keys being copies of its trunk's and its own."""

    def __init__(self, forest: Forest, device: Any) -> None:
        torch, _ = import_torch()
        queries, seen, ends = [], [], {}
        for tree in forest.trees:
            trunk = torch.arange(tree.trunk.start, tree.trunk.stop)
            if len(trunk):
                queries.append(len(trunk))
                seen.append(trunk)
            for branch in tree.branches:
                own = torch.arange(branch.tokens.start, branch.tokens.stop)
                queries.append(len(own))
                seen.append(torch.cat([trunk, own]))
                ends[branch.row] = seen[-1]
        of_rows = [ends[row] for row in range(len(ends))]
        self._ends = forest.ends.to(device)
        self._seen, self._of_rows = (torch.cat(one).to(device) for one in (seen, of_rows))
        self._all = spans_of(queries, [len(one) for one in seen], device)
        self._last = spans_of([1] * len(of_rows), [len(one) for one in of_rows], device)

    def everywhere(self, layer: Any, query: Any, key: Any, value: Any) -> Any:
        """(tokens, heads * size)."""
        seen, scale = self._seen, layer.self_attn.scaling
        found = attend(query, key[seen], value[seen], self._all, causal=True, scale=scale)
        return found.flatten(1)

    def at_ends(self, layer: Any, query: Any, key: Any, value: Any) -> Any:
        """Of each row's last token, (rows, heads * size)."""
        seen, scale = self._of_rows, layer.self_attn.scaling
        asked = query[self._ends]
        return attend(asked, key[seen], value[seen], self._last, scale=scale).flatten(1)


def _projected(layer: Any, hidden: Any, rotation: list[Any]) -> tuple[Any, Any, Any]:
    """Queries, keys and values, each (tokens, heads, size)."""
    own, config = layer.self_attn, layer.self_attn.config
    parts = in_chunks(lambda chunk: own.fused(layer.input_layernorm(chunk)), hidden)
    heads = [config.num_attention_heads, *[config.num_key_value_heads] * 2]
    query, key, value = parts.view(len(parts), -1, own.head_dim).split(heads, dim=1)
    return _rotated(query, rotation), _rotated(key, rotation), value


def _attend(layer: Any, query: Any, key: Any, value: Any, **masked: Any) -> Any:
    torch, _ = import_torch()
    return torch.nn.functional.scaled_dot_product_attention(
        query, key, value, scale=layer.self_attn.scaling, enable_gqa=True, **masked
    )


def _after_attention(layer: Any, attended: Any, hidden: Any) -> Any:
    hidden = hidden + layer.self_attn.o_proj(attended)
    return hidden + layer.mlp(layer.post_attention_layernorm(hidden))


def _rotated(x: Any, rotation: list[Any]) -> Any:
    """Rotary position embedding (Su et al. 2021), with halves in place of pairs as Llama has it."""
    torch, _ = import_torch()
    cosine, sine = rotation
    one, other = x.chunk(2, dim=-1)
    return x * cosine + torch.cat([-other, one], dim=-1) * sine


def _by_head(x: Any) -> Any:
    """(tokens, heads, size) to (1, heads, tokens, size)."""
    return x.transpose(0, 1)[None]


def _row(x: Any, tree: Tree, branch: Branch) -> Any:
    torch, _ = import_torch()
    return torch.cat([x[tree.trunk], x[branch.tokens]])
