"""A reranker behind HTTP: text-embeddings-inference, or any server of Cohere's /rerank.

The server has the model, cuts texts to its length and fills its device. Here is what a client owes
it: few and small requests, another try later, and rest when it is down.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Literal

import httpx
from langchain_core.documents import Document
from pydantic import SecretStr

from churon.tools.breaker import CircuitBreaker
from churon.tools.errors import RerankError
from churon.tools.forks import renewed_in_children
from churon.tools.rerank.cache import ScoreCache
from churon.tools.rerank.client import RerankClient
from churon.tools.rerank.endpoint import down
from churon.tools.rerank.scorer import abandoned, sigmoid
from churon.tools.rerank.shapes import COHERE, TEI, sendable

TOGETHER = 4
"""Requests of one call that may be under way at once."""


class RemoteScorer:
    """Scores by POST <base_url>/rerank; they are the server's own.

    TEI is asked for logits. In Cohere's shape most servers give P(relevant) in [0, 1]; llama.cpp
    gives the logits of BGE models. A server that failed 5 calls in a row, each after 3 attempts,
    is left alone for 30 s: calls then fail at once.
    """

    def __init__(
        self,
        base_url: str,
        model: str = "",
        *,
        shape: Literal["tei", "cohere"],
        api_key: SecretStr | None = None,
        timeout: float = 30.0,
        batch: int = 32,
        cache: ScoreCache | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        """No request yet. `model`: "" for the only one of a server; `timeout`: seconds until an
        answer begins, and as many until it ends; `batch`: passages of one request; the rest is for
        tests. Raises SettingsError.
        """
        self._closing = threading.Event()
        self._client = RerankClient(
            base_url,
            model,
            TEI if shape == "tei" else COHERE,
            api_key=api_key,
            timeout=timeout,
            transport=transport,
            clock=clock,
            sleep=sleep or self._rest,
            lost=self._lost,
        )
        self.name = f"{model or 'the model'} at {self._client.endpoint.url}"
        self._batch = batch
        self.cache = ScoreCache(0) if cache is None else cache
        self._breaker = CircuitBreaker(down, clock=clock)
        self._losses = 0
        self._renew()
        renewed_in_children(self)
        self._logits = shape == "tei"
        self._in_unit = True

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._calls = 0
        was, self._closing = self._closing, threading.Event()
        if was.is_set():
            self._closing.set()

    def score(
        self, query: str, documents: Sequence[Document], top_n: int | None = None
    ) -> list[float]:
        """One score per document, all of them exact. Equal passages are sent once.

        Raises RerankError, and ModelMissing where the server says so.
        """
        if not documents:
            return []
        query, texts = sendable(query), [sendable(one.page_content) for one in documents]
        mixed = False

        def score(missing: list[int]) -> list[float]:
            nonlocal mixed
            losses = self._losses
            with self._client.endpoint.errors(), self._breaker.call():
                scores = self._ask(query, [texts[place] for place in missing])
            if not all(0 <= score <= 1 for score in scores):
                self._in_unit = False
            partly = len(missing) < len(set(texts)) or len(missing) > self._batch
            mixed = losses != self._losses and partly
            return scores

        def scores() -> list[float]:
            return self.cache.through(self._client.identity, query, texts, score)

        with self._in_use():
            found = scores()
            return scores() if mixed else found  # some may be another model's

    def probability(self, score: float) -> float | None:
        """TEI: the sigmoid. Else the score itself, until the server has given one outside [0, 1]:
        its scores are logits then, of a scale that it does not tell, and there is none.
        """
        if self._logits:
            return sigmoid(score)
        return score if self._in_unit and 0 <= score <= 1 else None

    def close(self) -> None:
        """Refuse calls, and end those that wait for another attempt. Twice is as once."""
        with self._lock:
            self._closing.set()
            self._close_when_idle()

    def _ask(self, query: str, texts: list[str]) -> list[float]:
        over, nobody_waits = threading.Event(), abandoned.get()

        def check() -> None:
            if self._closing.is_set():
                raise self._closed()
            wanted()

        def wanted() -> None:
            if over.is_set() or (nobody_waits is not None and nobody_waits.is_set()):
                raise RerankError("Nobody waits for these scores any more.")

        def ask(part: list[str]) -> list[float]:
            return self._client.ask(query, part, check, wanted)

        parts = [texts[at : at + self._batch] for at in range(0, len(texts), self._batch)]
        if len(parts) == 1:
            return ask(parts[0])
        pool = ThreadPoolExecutor(min(TOGETHER, len(parts)), thread_name_prefix="churon-rerank-ask")
        try:
            return [score for scores in pool.map(ask, parts) for score in scores]
        finally:  # where one failed, the others are for nothing
            over.set()
            pool.shutdown(cancel_futures=True)

    def _lost(self) -> None:
        self._losses += 1
        self.cache.forget(self._client.identity)

    def _rest(self, seconds: float) -> None:
        self._closing.wait(seconds)

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        # Closing a connection under a thread that reads from it gives that thread's socket number
        # away, so the last call closes them
        with self._lock:
            if self._closing.is_set():
                raise self._closed()
            self._calls += 1
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1
                self._close_when_idle()

    def _close_when_idle(self) -> None:
        if self._closing.is_set() and not self._calls:
            self._client.close()

    def _closed(self) -> RerankError:
        return RerankError(f"The reranker {self.name!r} is closed.", remedy="Open a new one.")
