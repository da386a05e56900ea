"""Layerwise decoder of the bge-reranker-v2-minicpm-layerwise kind: a logit from a middle layer."""

from __future__ import annotations

from typing import Any

from churon.tools.rerank import forest
from churon.tools.rerank.cache import ScoreCache
from churon.tools.rerank.cross_encoder import CrossEncoder
from churon.tools.rerank.layerwise_load import load_layerwise
from churon.tools.rerank.prompted import Prompted, PromptEncoder
from churon.tools.rerank.torch_model import (
    lays_end_to_end,
    load_pretrained,
    pick_device,
    pick_precisions,
)


class LayerwiseScorer(CrossEncoder[Prompted]):
    """Scores are those of FlagEmbedding's LayerWiseFlagLLMReranker with one of `cutoff_layers`.

    Sequences are the decoder's. A head of the chosen layer reads the last position; the layers
    above are not loaded. Scores of different layers are on different scales.
    """

    def __init__(
        self,
        model: str,
        *,
        layer: int = 28,
        device: str = "auto",
        dtype: str = "auto",
        batch_tokens: int | None = None,
        max_length: int = 512,
        offline: bool = False,
        certified: bool = False,
        cache: ScoreCache | None = None,
    ) -> None:
        """Load from a folder or the hub. Blocking. Raises SettingsError, ModelMissing, RerankError.

        `layer`: 28 of 40 is the model card's choice for bge-reranker-v2-minicpm-layerwise.
        """
        device = pick_device(device)
        exact, coarse = pick_precisions(dtype, device, "bfloat16", certified=certified)
        network = load_layerwise(model, layer, offline=offline, dtype=exact)
        # With the Llama's config, or the checkpoint's own code would be looked for
        tokenizer = load_pretrained("AutoTokenizer", model, offline=offline, config=network.config)
        self._encode = PromptEncoder(tokenizer, max_length)
        self.prompt = self._encode.on_top
        self.padded = not lays_end_to_end(device)
        # Scores of one layer must not be remembered as another's
        name = f"{model} to layer {layer}"
        prepare = None if self.padded else forest.prepare
        super().__init__(
            name, network, device, batch_tokens, max_length,
            coarse=coarse, cache=cache, prepare=prepare,
        )  # fmt: skip

    def _rows(self, query: str, passages: list[str]) -> list[Prompted]:
        return self._encode(query, passages)

    def _forward(self, network: Any, rows: list[Prompted]) -> Any:
        return network.score(forest.last_hidden(network.model, rows))[:, 0].float()

    def _whole(self, network: Any, rows: list[Prompted]) -> Any:
        width = max(len(row) for row in rows)
        padded = [list(row.ids) + [0] * (width - len(row)) for row in rows]
        mask = [[1] * len(row) + [0] * (width - len(row)) for row in rows]
        ids, attention = (self._torch.tensor(x, device=self.device) for x in (padded, mask))
        hidden = network.model(ids, attention_mask=attention, use_cache=False).last_hidden_state
        rows_ = self._torch.arange(len(rows), device=self.device)
        return network.score(hidden[rows_, attention.sum(1) - 1])[:, 0].float()
