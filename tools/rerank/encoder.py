"""Cross-encoder of the XLM-R and BERT kind, such as bge-reranker-v2-m3: one logit a pair."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Any

from langchain_core.documents import Document

from churon.tools.errors import RerankError
from churon.tools.rerank.pairs import PairEncoder, PairTokens
from churon.tools.rerank.torch_model import (
    batches,
    free_memory,
    import_torch,
    load_pretrained,
    pick_device,
    pick_dtype,
)


def sigmoid(logit: float) -> float:
    """1 / (1 + exp(-logit)) without overflow."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    return math.exp(logit) / (1 + math.exp(logit))


class EncoderScorer:
    """Scores are the classifier's logits, equal to FlagEmbedding's FlagReranker.

    A pair is `<s> query </s></s> passage </s>` (or BERT's layout): the query is cut at 3/4 of
    `max_length` tokens, then the passage at what is left. Thread-safe: one call at a time.
    """

    def __init__(
        self,
        model: str,
        *,
        device: str = "auto",
        dtype: str = "auto",
        batch_size: int = 16,
        max_length: int = 512,
        offline: bool = False,
    ) -> None:
        """Load from a folder or the hub. Blocking. Raises ModelMissing, RerankError."""
        self.name = model
        self.batch_size = batch_size
        self.device = pick_device(device)
        self._torch, _ = import_torch()
        tokenizer = load_pretrained("AutoTokenizer", model, offline=offline)
        network = load_pretrained(
            "AutoModelForSequenceClassification",
            model,
            offline=offline,
            dtype=pick_dtype(dtype, self.device, half="float16"),
        )
        if network.config.num_labels != 1:
            raise RerankError(
                f"The model {model!r} has {network.config.num_labels} labels; a reranker has one.",
                remedy="Name a cross-encoder that was trained for reranking.",
            )
        self._encode = PairEncoder(tokenizer, max_length)
        self._pad_id: int = tokenizer.pad_token_id
        self._typed = "token_type_ids" in tokenizer.model_input_names
        self._network: Any = network.to(self.device).eval()
        self._lock = threading.Lock()

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """One logit per document."""
        if not documents:
            return []
        with self._lock:
            if self._network is None:
                raise RerankError(f"The reranker {self.name!r} is closed.")
            pairs = self._encode(query, [document.page_content for document in documents])
            scores = [0.0] * len(pairs)
            for chosen in batches([len(pair) for pair in pairs], self.batch_size):
                logits = self._forward([pairs[index] for index in chosen])
                for index, logit in zip(chosen, logits, strict=True):
                    scores[index] = logit
            return scores

    def probability(self, score: float) -> float | None:
        """The sigmoid: these models are trained with a binary cross-entropy on it."""
        return sigmoid(score)

    def close(self) -> None:
        """Drop the weights."""
        with self._lock:
            self._network = None
            free_memory(self.device)

    def _forward(self, pairs: list[PairTokens]) -> list[float]:
        width = max(len(pair) for pair in pairs)
        inputs = {
            "input_ids": [pair.ids + [self._pad_id] * (width - len(pair)) for pair in pairs],
            "attention_mask": [[1] * len(pair) + [0] * (width - len(pair)) for pair in pairs],
        }
        if self._typed:
            inputs["token_type_ids"] = [pair.types + [0] * (width - len(pair)) for pair in pairs]
        torch = self._torch
        with torch.inference_mode():
            tensors = {key: torch.tensor(rows, device=self.device) for key, rows in inputs.items()}
            logits = self._network(**tensors).logits
        scores: list[float] = logits[:, 0].float().tolist()
        return scores
