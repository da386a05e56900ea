"""Milvus's door: the reranker as a rerank function of pymilvus, beside its BGERerankFunction."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.documents import Document

from churon.tools.errors import ModelMissing, RerankError
from churon.tools.rerank.compressor import RerankCompressor

try:
    from pymilvus.model.base import BaseRerankFunction, RerankResult
except ImportError as error:
    raise ModelMissing(
        f"The package 'pymilvus-model' cannot be imported: {error}.",
        remedy="Install it with: pip install 'churon[adapters]'.",
    ) from error


class MilvusRerankFunction(BaseRerankFunction):  # type: ignore[misc]  # pymilvus is untyped
    """The compressor's ranking of plain texts. Thread-safe; closing stays with the compressor.

        rerank = MilvusRerankFunction(RerankCompressor(scorer=EncoderScorer(model)))
        best = rerank(query, [hit["entity"]["text"] for hit in hits], top_k=5)

    Scores are the scorer's own, logits for cross-encoders; pymilvus's functions give the sigmoid.
    """

    def __init__(self, compressor: RerankCompressor) -> None:
        self.compressor = compressor

    def __call__(
        self, query: str, documents: Sequence[str], top_k: int | None = None
    ) -> list[RerankResult]:
        """The best `top_k` texts (default: the compressor's `top_n`), best first. Blocking.

        A result's `index` is its place in `documents`. Raises RerankError, ModelMissing.
        """
        given = [Document(text, metadata={"index": n}) for n, text in enumerate(documents)]
        kept = self._keeping(top_k).compress_documents(given, query)
        return [
            RerankResult(one.page_content, one.metadata["rerank_score"], one.metadata["index"])
            for one in kept
        ]

    def _keeping(self, top_k: int | None) -> RerankCompressor:
        if top_k is None:
            return self.compressor
        if top_k < 1:
            raise RerankError(f"top_k={top_k} keeps no passage.", remedy="Ask for at least 1.")
        return self.compressor.model_copy(update={"top_n": top_k})  # shares the scorer
