"""FlagEmbedding itself as a scorer: the yardstick for ours, and a fallback for odd models."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from langchain_core.documents import Document

from churon.tools.errors import ModelMissing, RerankError
from churon.tools.rerank.scorer import readable, sigmoid
from churon.tools.rerank.torch_model import (
    import_torch,
    load_pretrained,
    pick_batch_tokens,
    pick_device,
)


class ReferenceScorer:
    """FlagReranker for sequence classifiers, FlagLLMReranker for causal models.

    One call at a time: FlagEmbedding cuts pairs wrongly when threads share one of its rerankers.
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
    ) -> None:
        """Load from a folder or the hub. Blocking; importing FlagEmbedding takes 10 s.

        Raises ModelMissing.
        """
        self.name = f"FlagEmbedding {model}"
        device = pick_device(device)
        half = device != "cpu" and dtype != "float32"
        options = {
            "devices": [device],
            "batch_size": max(1, pick_batch_tokens(batch_tokens, device) // max_length),
            "max_length": max_length,
            "use_fp16": half and dtype != "bfloat16",
        }
        config = load_pretrained("AutoConfig", model, offline=offline)
        encoder_class, decoder_class = _import_flag()
        if any(name.endswith("ForCausalLM") for name in config.architectures or ()):
            options["use_bf16"] = half and dtype != "float16"
            options["use_fp16"] = half and dtype == "float16"
            self._model: Any = decoder_class(model, **options)
        else:
            self._model = encoder_class(model, **options)
        self._lock = threading.Lock()

    def score(
        self, query: str, documents: Sequence[Document], top_n: int | None = None
    ) -> list[float]:
        """One logit per document."""
        if not documents:  # FlagEmbedding raises IndexError for none
            return []
        with self._lock:
            if self._model is None:
                raise RerankError(
                    f"The reranker {self.name!r} is closed.", remedy="Open a new one."
                )
            pairs = [(readable(query), readable(one.page_content)) for one in documents]
            return [float(score) for score in self._model.compute_score(pairs)]

    def probability(self, score: float) -> float | None:
        """The sigmoid, FlagEmbedding's `normalize`."""
        return sigmoid(score)

    def close(self) -> None:
        """Drop the weights."""
        with self._lock:
            self._model = None


def _import_flag() -> tuple[Any, Any]:
    import_torch()
    try:
        from FlagEmbedding import FlagLLMReranker, FlagReranker
    except ImportError as error:
        if (error.name or "").split(".")[0] == "FlagEmbedding":
            said = "The package 'FlagEmbedding' is not installed."
        else:  # such as a transformers newer than it knows
            said = f"The package 'FlagEmbedding' cannot be imported: {error}."
        raise ModelMissing(said, remedy="Install: pip install 'churon[rerank]'.") from error
    return FlagReranker, FlagLLMReranker
