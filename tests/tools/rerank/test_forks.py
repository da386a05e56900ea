"""A reranker that was used goes on in a forked child, whose threads are gone."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from langchain_core.documents import Document
from support.pass_queue import Model, Row, rows, sums
from support.rerank_server import RerankDouble

from churon.tools.errors import RerankError
from churon.tools.rerank.compressor import RerankCompressor
from churon.tools.rerank.queue import PassQueue
from churon.tools.rerank.remote import RemoteScorer

# From Python 3.12 on: that a process with threads forks is the point here
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


class Length:
    name = "length"

    def score(
        self, query: str, documents: Sequence[Document], top_n: int | None = None
    ) -> list[float]:
        return [float(len(document.page_content)) for document in documents]

    def probability(self, score: float) -> float | None:
        return None

    def close(self) -> None: ...


def holds_in_a_child(check: Callable[[], bool]) -> bool:
    child = os.fork()
    if not child:
        signal.alarm(10)  # it would hang for ever
        held = False
        try:
            held = check()
        finally:
            os._exit(0 if held else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_queue() -> None:
    queue = PassQueue[Row](Model(), lambda: 10)
    assert queue.score(rows(0, 3)) == sums(rows(0, 3))
    time.sleep(0.01)  # its thread is idle, and believed to be so in the child
    assert holds_in_a_child(lambda: queue.score(rows(5, 3)) == sums(rows(5, 3)))
    assert queue.score(rows(7, 3)) == sums(rows(7, 3))
    queue.close()


def test_the_queue_with_a_call_under_way() -> None:
    model = Model()
    queue = PassQueue[Row](model, lambda: 10)
    model.hold()
    call = queue.submit(rows(0, 3))
    assert model.entered.wait(10)

    def joins_nothing() -> bool:
        model.free.set()
        return queue.score(rows(0, 3)) == sums(rows(0, 3))

    assert holds_in_a_child(joins_nothing)
    model.free.set()
    assert call.done.result(10) == sums(rows(0, 3))
    queue.close()


def test_the_compressor() -> None:
    compressor = RerankCompressor(scorer=Length())

    def ranks() -> bool:
        given = [Document("a"), Document("aaa")]
        kept = asyncio.run(compressor.rerank("q", given, 1))
        return [one.page_content for one in kept] == ["aaa"]

    assert ranks()
    assert holds_in_a_child(ranks)
    compressor.close()


def test_a_connection_is_not_shared_with_the_parent() -> None:
    scorer = RemoteScorer("http://rerank.test", shape="tei")
    own = scorer._client._http
    assert holds_in_a_child(lambda: scorer._client._http is not own)
    assert scorer._client._http is own
    scorer.close()


def test_a_server_while_the_parent_is_asking_it() -> None:
    double, asked, free = RerankDouble("tei"), threading.Event(), threading.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        if not asked.is_set():
            asked.set()
            free.wait(10)
        return double(request)

    transport = httpx.MockTransport(answer)
    scorer = RemoteScorer("http://rerank.test", shape="tei", transport=transport)
    scorer._breaker._failures, scorer._breaker._opened = 5, -math.inf  # the parent's is a trial
    with ThreadPoolExecutor(1) as pool:
        parents = pool.submit(scorer.score, "q", [Document("a")])
        assert asked.wait(10)

        def scores_and_closes() -> bool:
            found = scorer.score("q", [Document("b")])
            scorer.close()
            return len(found) == 1 and scorer._client._http.is_closed

        closing = scorer._closing._cond
        with scorer.cache._lock, scorer._breaker._lock, scorer._lock, closing:
            assert holds_in_a_child(scores_and_closes)
        free.set()
        assert len(parents.result(10)) == 1
    scorer.close()


def test_a_closed_server_stays_closed() -> None:
    scorer = RemoteScorer("http://rerank.test", shape="tei")
    scorer.close()

    def is_closed() -> bool:
        with pytest.raises(RerankError, match="is closed"):
            scorer.score("q", [Document("a")])
        return True

    assert holds_in_a_child(is_closed)
