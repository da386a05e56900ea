"""Cross-encoder of the XLM-R and BERT kind, such as bge-reranker-v2-m3: one logit a pair."""

from __future__ import annotations

from typing import Any

from churon.tools.errors import RerankError
from churon.tools.rerank import unpadded
from churon.tools.rerank.cache import ScoreCache
from churon.tools.rerank.cross_encoder import CrossEncoder
from churon.tools.rerank.pairs import PairEncoder, PairTokens
from churon.tools.rerank.torch_model import (
    lays_end_to_end,
    load_pretrained,
    pick_device,
    pick_precisions,
)


class EncoderScorer(CrossEncoder[PairTokens]):
    """Scores are the classifier's logits, equal to FlagEmbedding's FlagReranker.

    A pair is `<s> query </s></s> passage </s>` (or BERT's layout): the query is cut at 3/4 of
    `max_length` tokens, then the passage at what is left. BERT-like models run unpadded.
    """

    def __init__(
        self,
        model: str,
        *,
        device: str = "auto",
        dtype: str = "auto",
        batch_tokens: int | None = None,
        max_length: int = 512,
        offline: bool = False,
        certified: bool = False,
        cache: ScoreCache | None = None,
    ) -> None:
        """Load from a folder or the hub. Blocking. Raises ModelMissing, RerankError.

        `certified`: all in half precision, what `top_n` hangs on in float32 (see certified.py).
        """
        device = pick_device(device)
        tokenizer = load_pretrained("AutoTokenizer", model, offline=offline)
        config = load_pretrained("AutoConfig", model, offline=offline)
        self.padded = not lays_end_to_end(device) or config.model_type not in unpadded.FAMILIES
        exact, coarse = pick_precisions(dtype, device, "float16", certified=certified)
        network = load_pretrained(
            "AutoModelForSequenceClassification",
            model,
            offline=offline,
            dtype=exact,
        )
        if network.config.num_labels != 1:
            raise RerankError(
                f"The model {model!r} has {network.config.num_labels} labels; a reranker has one.",
                remedy="Name a cross-encoder that was trained for reranking.",
            )
        self._encode = PairEncoder(tokenizer, max_length)
        self._pad_id: int = tokenizer.pad_token_id
        self._typed = "token_type_ids" in tokenizer.model_input_names
        prepare = None if self.padded else unpadded.prepare
        super().__init__(
            model, network, device, batch_tokens, max_length,
            coarse=coarse, cache=cache, prepare=prepare,
        )  # fmt: skip

    def _rows(self, query: str, passages: list[str]) -> list[PairTokens]:
        return self._encode(query, passages)

    def _forward(self, network: Any, rows: list[PairTokens]) -> Any:
        return unpadded.logits(network, rows, typed=self._typed)

    def _whole(self, network: Any, rows: list[PairTokens]) -> Any:
        return network(**self._padded(rows)).logits[:, 0].float()

    def _padded(self, rows: list[PairTokens]) -> dict[str, Any]:
        width = max(len(row) for row in rows)
        inputs = {
            "input_ids": [row.ids + [self._pad_id] * (width - len(row)) for row in rows],
            "attention_mask": [[1] * len(row) + [0] * (width - len(row)) for row in rows],
        }
        if self._typed:
            inputs["token_type_ids"] = [row.types + [0] * (width - len(row)) for row in rows]
        return {key: self._torch.tensor(ids, device=self.device) for key, ids in inputs.items()}
