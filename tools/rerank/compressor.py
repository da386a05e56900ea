"""The reranker as LangChain's document compressor: the best `top_n` passages, best first."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import groupby, islice
from typing import Any

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, Document
from pydantic import ConfigDict, Field, PrivateAttr, SkipValidation

from churon.tools.errors import ChuronError, RerankError
from churon.tools.forks import renewed_in_children
from churon.tools.rerank.scorer import Scorer, abandoned

CALLERS = 32
"""Async calls that may be with the scorer at once; more wait for one of these to end."""


class RerankCompressor(BaseDocumentCompressor):
    """Scores passages with `scorer` and returns copies of the best `top_n`, best first.

    Copies carry `metadata["rerank_score"]` (float, the scorer's scale) and, from a calibrated
    scorer, `metadata["relevance_prior"]` (P(relevant) in [0, 1]). The input order never decides:
    ties are broken by id, text and metadata. Raises RerankError, ModelMissing.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    scorer: SkipValidation[Scorer]
    top_n: int = Field(5, ge=1)
    """Passages to keep where the call names no other number."""

    _pool: ThreadPoolExecutor = PrivateAttr()
    _closed: bool = PrivateAttr(False)

    def model_post_init(self, context: Any) -> None:
        """Make the threads, here and in forked children."""
        self._renew()
        renewed_in_children(self)

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        """The best `top_n` of `documents` for `query`; `[]` for none. Blocking."""
        return self._rank(query, list(documents), self.top_n)

    async def acompress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        """As `compress_documents`, without blocking the event loop."""
        return await self.rerank(query, documents)

    async def rerank(
        self, query: str, documents: Sequence[Document], top_n: int | None = None
    ) -> list[Document]:
        """The best `top_n` (default: the field) of `documents`; the event loop is not blocked."""
        keep = self.top_n if top_n is None else top_n
        if keep < 1:
            raise RerankError(f"top_n={keep} keeps no passage.", remedy="Ask for at least 1.")
        self._refuse_when_closed()
        loop = asyncio.get_running_loop()
        context, nobody_waits = copy_context(), threading.Event()
        context.run(abandoned.set, nobody_waits)
        try:
            call = loop.run_in_executor(
                self._pool, context.run, self._rank, query, list(documents), keep
            )
        except RuntimeError:  # its threads take nothing any more: closed in between
            self._refuse_when_closed()
            raise
        try:
            return await call
        except asyncio.CancelledError:
            nobody_waits.set()
            task = asyncio.current_task()
            if self._closed and not (task is not None and task.cancelling()):
                self._refuse_when_closed()  # it was close() that ended the waiting
            raise

    def close(self) -> None:
        """Wait for the pass under way, then release the model; a second call does nothing.

        Calls that still wait fail with RerankError.
        """
        if not self._closed:
            self._closed = True
            self._pool.shutdown(wait=False, cancel_futures=True)
            self.scorer.close()
            self._pool.shutdown(wait=True)

    def _renew(self) -> None:
        # Own threads: callers that wait for the model must not starve asyncio's few default ones.
        # They make tokens or wait; what fills the device is the scorer's to order.
        self._pool = ThreadPoolExecutor(CALLERS, thread_name_prefix="churon-rerank")

    def _rank(self, query: str, documents: list[Document], keep: int) -> list[Document]:
        self._refuse_when_closed()
        if not documents:
            return []
        ranked = _ranked(self._scores(query, documents, keep), documents)
        return [self._scored_copy(score, document) for score, document in islice(ranked, keep)]

    def _scores(self, query: str, documents: list[Document], keep: int) -> list[float]:
        name = self.scorer.name
        try:
            scores = [float(score) for score in self.scorer.score(query, documents, keep)]
        except ChuronError:
            raise
        except Exception as error:  # whatever a model library throws is one failure to callers
            raise RerankError(
                f"The reranker {name!r} failed on {len(documents)} passages: {error!r}.",
                remedy="Set rerank.provider = 'none' to go on without it.",
            ) from error
        if len(scores) != len(documents):
            raise RerankError(
                f"The reranker {name!r} gave {len(scores)} scores for {len(documents)} passages.",
                remedy="Set rerank.provider = 'none' to go on without it.",
            )
        if wrong := [score for score in scores if not math.isfinite(score)]:
            raise RerankError(
                f"The reranker {name!r} scored {len(wrong)} of {len(scores)} passages {wrong[0]}.",
                remedy="Try rerank.dtype = 'float32'.",
            )
        return scores

    def _scored_copy(self, score: float, document: Document) -> Document:
        try:
            copy = document.model_copy(deep=True)
        except Exception as error:  # whatever the objects in it raise
            raise RerankError(
                f"The metadata of passage {document.id!r} cannot be copied: {error}.",
                remedy="Keep plain data in it: text, numbers, lists and dicts.",
            ) from error
        copy.metadata["rerank_score"] = score
        prior = self.scorer.probability(score)
        if prior is None:
            copy.metadata.pop("relevance_prior", None)  # an earlier reranker's is not this one's
        else:
            copy.metadata["relevance_prior"] = float(prior)
        return copy

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise RerankError("The reranker is closed.", remedy="Open a new one.")


def _ranked(scores: list[float], documents: list[Document]) -> Iterator[tuple[float, Document]]:
    pairs = sorted(zip(scores, documents, strict=True), key=_score, reverse=True)
    for _, tied in groupby(pairs, key=_score):
        one, *others = tied
        yield from sorted([one, *others], key=_tie) if others else [one]


def _score(pair: tuple[float, Document]) -> float:
    return pair[0]


def _tie(pair: tuple[float, Document]) -> tuple[str, str, str]:
    document = pair[1]
    rest = repr(sorted((str(key), repr(value)) for key, value in document.metadata.items()))
    return document.id or "", document.page_content, rest
