"""W10: a layerwise MiniCPM of random weights, ours and FlagEmbedding's, ended at the same layer.

FlagEmbedding 1.4.2's model class does not load on transformers 5; what it trips over is patched
here (no tied weights, a rope_scaling that is None, no cache, weights put in as they are). Its
forward pass is its own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from FlagEmbedding import LayerWiseFlagLLMReranker
from FlagEmbedding.inference.reranker.decoder_only import layerwise
from rerank_engines import FLAG_DEFAULT, Engine, engine
from rerank_models import decoder
from safetensors.torch import save_file

from churon.tools.rerank.layerwise import LayerwiseScorer

LAYERS, CUT = 6, 4
"""Of the model, and where it ends: the model card's 28 of 40."""
CONFIG = {
    "architectures": ["LayerWiseMiniCPMForCausalLM"], "model_type": "minicpm", "hidden_size": 512,
    "intermediate_size": 1_280, "num_hidden_layers": LAYERS, "num_attention_heads": 8,
    "num_key_value_heads": 8, "max_position_embeddings": 4_096, "initializer_range": 0.05,
    "scale_emb": 12, "scale_depth": 1.4, "dim_model_base": 256, "start_layer": 2,
    "head_type": "simple", "use_cache": False, "head_multi": True,
    "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0,
}  # fmt: skip


def engines(folder: Path) -> tuple[str, dict[str, Engine]]:
    """The model's folder, and who races."""
    path, network = _saved(folder)
    layerwise.LayerWiseMiniCPMForCausalLM.from_pretrained = lambda *_, **__: network
    theirs = LayerWiseFlagLLMReranker(
        path, devices=["cpu"], cutoff_layers=[CUT], batch_size=FLAG_DEFAULT, max_length=512
    )

    def flag(query: str, passages: list[str]) -> list[float]:
        scores = theirs.compute_score([(query, passage) for passage in passages])
        found: list[float] = scores[0] if isinstance(scores[0], list) else scores
        return found

    ours = LayerwiseScorer(path, layer=CUT, device="cpu", dtype="float32")
    return path, {"ours": engine(ours), "control": engine(ours), "flag": flag}


def _saved(folder: Path) -> tuple[str, Any]:
    path = folder / f"layerwise-{LAYERS}"
    path.mkdir(parents=True, exist_ok=True)
    source = Path(decoder(folder, LAYERS))
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        if (source / name).exists():
            (path / name).write_bytes((source / name).read_bytes())
    vocabulary = json.loads((path / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    config = {**CONFIG, "vocab_size": len(vocabulary)}
    (path / "config.json").write_text(json.dumps(config), "utf-8")
    kind = layerwise.LayerWiseMiniCPMForCausalLM
    kind._tied_weights_keys = None
    wanted = kind.config_class(**config)
    wanted.rope_scaling = None
    torch.manual_seed(4)
    network = kind(wanted).eval()
    weights = {name: weight.contiguous() for name, weight in network.state_dict().items()}
    save_file(weights, path / "model.safetensors", metadata={"format": "pt"})
    return str(path), network
