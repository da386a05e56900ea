"""A rerank server's answer that does not end, and scores of a server that was away."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import pytest
from langchain_core.documents import Document
from support.rerank_bench import AB, BASE, REFUSED, Bench, status
from support.rerank_server import Reply

from churon.tools.errors import RerankError
from churon.tools.rerank.cache import ScoreCache
from churon.tools.rerank.client import ATTEMPTS
from churon.tools.rerank.remote import RemoteScorer
from churon.tools.rerank.scorer import abandoned

ABC = [*AB, Document("ccc")]


@pytest.mark.parametrize("code", [200, 503])
def test_an_answer_that_comes_drop_by_drop_is_given_up_and_counts_as_a_failure(code: int) -> None:
    bench = Bench(timeout=30.0)

    def drops() -> Iterator[bytes]:
        while True:
            bench.now += 10
            yield b" "

    for _ in range(5):
        bench.double.first = [httpx.Response(code, content=drops()) for _ in range(ATTEMPTS)]
        began = bench.now
        assert "did not answer within 30 s. Raise rerank.timeout" in bench.failure()
        assert bench.now - began == ATTEMPTS * 40
    assert "failed 5 times in a row" in bench.failure()


def test_an_answer_that_nobody_waits_for_is_not_read_to_its_end() -> None:
    nobody_waits = threading.Event()

    def drops() -> Iterator[bytes]:
        yield b" "
        nobody_waits.set()
        while True:
            yield b" "

    bench = Bench(first=[httpx.Response(200, content=drops())])
    token = abandoned.set(nobody_waits)
    try:
        assert "Nobody waits" in bench.failure()
    finally:
        abandoned.reset(token)
    assert bench.asked == 1


def test_an_answer_that_grows_beyond_measure_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("churon.tools.rerank.client.MOST_BYTES", 1_000)
    endless = (b"x" * 100 for _ in iter(int, 1))
    bench = Bench(first=[httpx.Response(200, content=endless)])
    assert "is longer than 1,000 bytes" in bench.failure()
    assert bench.score() == [1.0, 2.0]


@pytest.mark.parametrize("lost", [REFUSED, httpx.ReadError("reset"), status(502)], ids=str)
def test_scores_from_before_a_server_was_away_are_not_mixed_with_new_ones(lost: Reply) -> None:
    bench = Bench(cache=ScoreCache(100))
    assert bench.score() == [1.0, 2.0]
    bench.double.first = [lost]
    bench.double.rule = lambda query, text: -100.0 * len(text)  # another model came up
    assert bench.scorer.score("q", ABC) == [-100.0, -200.0, -300.0]
    assert bench.score() == [-100.0, -200.0]


def test_scores_of_one_call_are_of_one_model() -> None:
    old = status(200, json=[{"index": 0, "score": -1.0}])
    bench = Bench(first=[old, status(503)], batch=1)  # another model comes up
    assert bench.scorer.score("q", ABC) == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("slow", [httpx.ReadTimeout("slow"), status(429)], ids=str)
def test_a_server_that_is_only_slow_keeps_its_scores(slow: Reply) -> None:
    bench = Bench(cache=ScoreCache(100))
    bench.score()
    bench.double.first = [slow]
    assert bench.scorer.score("q", ABC) == [1.0, 2.0, 3.0]
    assert [body["texts"] for body in bench.double.bodies[1:]] == [["ccc"], ["ccc"]]


def test_servers_that_differ_in_the_addresss_query_share_no_scores() -> None:
    def deployed(request: httpx.Request) -> httpx.Response:
        score = float(request.url.params["deployment"])
        return httpx.Response(200, json=[{"index": 0, "score": score}])

    cache, transport = ScoreCache(100), httpx.MockTransport(deployed)
    for number in (1, 2):
        url = f"{BASE}/rerank?deployment={number}"
        scorer = RemoteScorer(url, shape="tei", cache=cache, transport=transport)
        assert scorer.score("q", AB[:1]) == [number]
        assert "deployment" not in scorer.name
        scorer.close()


def test_a_server_that_stays_away_fails_the_call() -> None:
    bench = Bench(cache=ScoreCache(100))
    bench.score()
    bench.double.first = [REFUSED] * ATTEMPTS
    with pytest.raises(RerankError, match="Start it"):
        bench.scorer.score("q", ABC)
