"""Loads a layerwise MiniCPM reranker as a Llama that ends at the chosen layer.

A MiniCPM is a Llama but for two constants (Hu et al. 2024, arXiv 2404.06395, section 3): embeddings
are multiplied by `scale_emb`, what each half of a layer adds by `scale_depth / sqrt(layers)`. They
go into the weights, so that transformers' own Llama runs it and no code of the checkpoint has to.
"""

from __future__ import annotations

import math
from typing import Any

from churon.tools.errors import RerankError, SettingsError
from churon.tools.rerank.torch_model import import_torch, load_pretrained


def load_layerwise(model: str, layer: int, *, offline: bool, dtype: Any) -> Any:
    """A LlamaForSequenceClassification of `layer` layers whose `score` is that layer's head.

    Layers and heads that are not needed are not read. Raises SettingsError, ModelMissing,
    RerankError.
    """
    config = load_pretrained("LlamaConfig", model, offline=offline)
    head = _head(config, model, layer)
    depth = config.num_hidden_layers
    config.num_hidden_layers, config.num_labels = layer, 1
    network = load_pretrained(
        "AutoModelForSequenceClassification",
        model,
        offline=offline,
        dtype=dtype,
        config=config,
        key_mapping={rf"^{head}\.linear_head\.": "score."},
    )
    _scale(network.model, config.scale_emb, config.scale_depth / math.sqrt(depth))
    return network


def _head(config: Any, model: str, layer: int) -> str:
    """Where the checkpoint keeps the head of `layer`, as a pattern."""
    kind = getattr(config, "head_type", None)
    if kind != "simple":  # FlagEmbedding's inference gets one logit a layer of no other
        raise RerankError(
            f"The model {model!r} has no layerwise ranking heads (head_type {kind!r}).",
            remedy="Name a model such as 'BAAI/bge-reranker-v2-minicpm-layerwise'.",
        )
    first, last = config.start_layer, config.num_hidden_layers
    if not first <= layer <= last:
        raise SettingsError(
            f"The model {model!r} has no head at rerank.layer={layer}.",
            remedy=f"Set rerank.layer to one of {first} to {last}.",
        )
    return rf"lm_head\.{layer - first}" if config.head_multi else "lm_head"


def _scale(decoder: Any, embedding: float, added: float) -> None:
    torch, _ = import_torch()
    with torch.no_grad():
        decoder.embed_tokens.weight *= embedding
        for layer in decoder.layers:
            for last in (layer.self_attn.o_proj, layer.mlp.down_proj):
                for parameter in last.parameters():
                    parameter *= added
