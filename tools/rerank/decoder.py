"""Decoder reranker of the bge-reranker-v2-gemma kind: the logit of "Yes" after a fixed prompt."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from langchain_core.documents import Document

from churon.tools.errors import RerankError
from churon.tools.rerank.encoder import sigmoid
from churon.tools.rerank.torch_model import (
    batches,
    free_memory,
    import_torch,
    load_pretrained,
    pick_device,
    pick_dtype,
)

PROMPT = (
    "Given a query A and a passage B, determine whether the passage contains an answer to the "
    "query by providing a prediction of either 'Yes' or 'No'."
)
"""The models' training prompt (model card of BAAI/bge-reranker-v2-gemma)."""


class DecoderScorer:
    """Scores are logits of "Yes" at the last position, equal to FlagEmbedding's FlagLLMReranker.

    A sequence is `<bos>A: query \\n B: passage \\n PROMPT`: the query is cut at 3/4 of `max_length`
    tokens, the passage at what is left, the prompt never. Thread-safe: one call at a time.
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
        self.max_length = max_length
        self.device = pick_device(device)
        self._torch, _ = import_torch()
        self._tokenizer = load_pretrained("AutoTokenizer", model, offline=offline)
        self._yes = self._yes_token()
        self._separator = self._ids(["\n"])[0]
        self._prompt = self._ids([PROMPT])[0]
        network = load_pretrained(
            "AutoModelForCausalLM",
            model,
            offline=offline,
            dtype=pick_dtype(dtype, self.device, half="bfloat16"),
        )
        self._network: Any = network.to(self.device).eval()
        self._lock = threading.Lock()

    def score(self, query: str, documents: Sequence[Document]) -> list[float]:
        """One logit per document."""
        if not documents:
            return []
        with self._lock:
            if self._network is None:
                raise RerankError(f"The reranker {self.name!r} is closed.")
            rows = self._encode(query, [document.page_content for document in documents])
            scores = [0.0] * len(rows)
            for chosen in batches([len(row) for row in rows], self.batch_size):
                logits = self._forward([rows[index] for index in chosen])
                for index, logit in zip(chosen, logits, strict=True):
                    scores[index] = logit
            return scores

    def probability(self, score: float) -> float | None:
        """The sigmoid, as the models' authors normalise the logit."""
        return sigmoid(score)

    def close(self) -> None:
        """Drop the weights."""
        with self._lock:
            self._network = None
            free_memory(self.device)

    def _yes_token(self) -> int:
        (ids,) = self._ids(["Yes"])
        if len(ids) != 1 or ids[0] == self._tokenizer.unk_token_id:
            raise RerankError(
                f"The tokenizer of {self.name!r} has no single token for 'Yes' (ids {ids}).",
                remedy="Name a decoder that was trained for reranking with this prompt.",
            )
        return ids[0]

    def _encode(self, query: str, passages: list[str]) -> list[list[int]]:
        bos, pad = self._tokenizer.bos_token_id, self._tokenizer.pad_token_id
        start = [] if bos is None or bos == pad else [bos]
        head = start + self._ids([f"A: {query}"])[0][: self.max_length * 3 // 4] + self._separator
        suffix = self._separator + self._prompt
        room = max(0, self.max_length + len(suffix) - len(head))
        bodies = self._ids([f"B: {passage}" for passage in passages])
        return [head + body[: self.max_length][:room] + suffix for body in bodies]

    def _ids(self, texts: list[str]) -> list[list[int]]:
        # Without truncation, so that the shared tokenizer's state never changes
        encoded = self._tokenizer(texts, add_special_tokens=False, verbose=False)
        ids: list[list[int]] = encoded["input_ids"]
        return ids

    def _forward(self, rows: list[list[int]]) -> list[float]:
        torch = self._torch
        width = max(len(row) for row in rows)
        pad_id = self._tokenizer.pad_token_id or 0
        # Padded on the left: the last position is then the prompt's end in every row
        padded = [[pad_id] * (width - len(row)) + row for row in rows]
        mask = [[0] * (width - len(row)) + [1] * len(row) for row in rows]
        with torch.inference_mode():
            attention = torch.tensor(mask, device=self.device)
            output = self._network(
                input_ids=torch.tensor(padded, device=self.device),
                attention_mask=attention,
                position_ids=(attention.cumsum(-1) - 1).clamp(min=0),
                use_cache=False,
                logits_to_keep=1,
            )
        scores: list[float] = output.logits[:, -1, self._yes].float().tolist()
        return scores
