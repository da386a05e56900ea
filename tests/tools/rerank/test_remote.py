"""A reranker behind HTTP: what is sent, what comes back, and who waits for whom."""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document
from pydantic import SecretStr
from support.rerank_server import LoopbackRerank, RerankDouble

from churon.tools.errors import RerankError, SettingsError
from churon.tools.rerank.compressor import RerankCompressor
from churon.tools.rerank.remote import TOGETHER, RemoteScorer
from churon.tools.rerank.scorer import abandoned

BASE = "http://rerank.test:8080"


def passages(*texts: str) -> list[Document]:
    return [Document(text) for text in texts]


def remote(double: RerankDouble, base_url: str = BASE, **options: Any) -> RemoteScorer:
    options.setdefault("sleep", lambda seconds: None)
    options.setdefault("shape", double.shape)
    return RemoteScorer(base_url, transport=httpx.MockTransport(double), **options)


def test_tei_is_asked_for_raw_scores_of_cut_texts() -> None:
    double = RerankDouble("tei")
    scorer = remote(double, "http://rerank.test:8080/")
    assert scorer.score("q", passages("aa", "aaaa", "a"), top_n=1) == [2.0, 4.0, 1.0]
    assert str(double.requests[0].url) == "http://rerank.test:8080/rerank"
    assert double.bodies == [
        {"query": "q", "texts": ["aa", "aaaa", "a"], "raw_scores": True, "truncate": True}
    ]
    assert "Authorization" not in double.requests[0].headers


def test_coheres_shape_has_model_key_and_all_results_and_nothing_that_cohere_refuses() -> None:
    double = RerankDouble("cohere", lambda query, text: len(text) / 10)
    scorer = remote(double, f"{BASE}/v2", model="m", api_key=SecretStr(" right\r\n"))
    assert scorer.score("q", passages("aa", "a"), top_n=1) == [0.2, 0.1]
    assert str(double.requests[0].url) == f"{BASE}/v2/rerank"
    assert double.bodies == [{"model": "m", "query": "q", "documents": ["aa", "a"], "top_n": 2}]
    assert double.requests[0].headers["Authorization"] == "Bearer right"


def test_an_address_may_name_rerank_itself_and_have_a_query_and_a_password() -> None:
    double = RerankDouble("tei")
    scorer = remote(double, "https://me:s3cret@rerank.test/api/rerank?version=2")
    assert scorer.score("q", passages("a")) == [1.0]
    assert str(double.requests[0].url) == "https://rerank.test/api/rerank?version=2"
    assert double.requests[0].headers["Authorization"].startswith("Basic ")
    assert scorer.name == "the model at https://rerank.test/api/rerank"


@pytest.mark.parametrize(
    "base_url", ["", "rerank.test:8080", "ftp://h", "http://", "http://h:x", "http://xn--.h"]
)
def test_what_is_no_address_is_a_wrong_setting(base_url: str) -> None:
    with pytest.raises(SettingsError, match=r"rerank\.base_url"):
        remote(RerankDouble(), base_url)


def test_no_documents_is_no_request() -> None:
    double = RerankDouble()
    assert remote(double).score("q", []) == []
    assert not double.requests


def test_batches_are_small_and_keep_the_order() -> None:
    double = RerankDouble("cohere")
    texts = ["x" * n for n in range(1, 101)]
    assert remote(double, batch=32).score("q", passages(*texts)) == [
        float(n) for n in range(1, 101)
    ]
    assert sorted(len(body["documents"]) for body in double.bodies) == [4, 32, 32, 32]
    assert all(body["top_n"] == len(body["documents"]) for body in double.bodies)


def test_batches_of_a_call_go_together_but_not_all_at_once() -> None:
    under_way = most = 0
    lock, full = threading.Lock(), threading.Barrier(TOGETHER)

    def rule(query: str, text: str) -> float:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        full.wait(10)  # passes only when as many requests are under way as may be,
        time.sleep(0.02)  # and leaves time for one more
        with lock:
            under_way -= 1
        return float(text)

    texts = [str(n) for n in range(3 * TOGETHER)]
    scores = remote(RerankDouble("tei", rule), batch=1).score("q", passages(*texts))
    assert scores == [float(n) for n in range(3 * TOGETHER)] and most == TOGETHER


def test_equal_passages_are_sent_once() -> None:
    double = RerankDouble("tei")
    assert remote(double).score("q", passages("bb", "a", "bb", "bb")) == [2.0, 1.0, 2.0, 2.0]
    assert double.bodies[0]["texts"] == ["bb", "a"]


def test_blank_texts_and_half_characters_are_sent_as_what_servers_take() -> None:
    double = RerankDouble("cohere")
    scores = remote(double).score("\ud800?", passages("", " \n", "a\udfffb", "정상 🙂"))
    assert double.bodies[0]["documents"] == [".", "a?b", "정상 🙂"]
    assert double.bodies[0]["query"] == "??"
    assert scores == [1.0, 1.0, 3.0, 4.0]


@given(
    texts=st.lists(st.text(max_size=6) | st.sampled_from(["", "가", "a"]), max_size=12),
    batch=st.integers(1, 5),
    shape=st.sampled_from(["tei", "cohere"]),
    random=st.randoms(use_true_random=False),
)
def test_scores_come_in_the_given_order_whatever_the_servers(texts, batch, shape, random) -> None:  # type: ignore[no-untyped-def]
    double = RerankDouble(shape, lambda query, text: float(sum(map(ord, text))))

    def shuffled(request: httpx.Request) -> httpx.Response:
        answer = double(request).json()
        random.shuffle(answer if shape == "tei" else answer["results"])
        return httpx.Response(200, json=answer)

    scorer = RemoteScorer(BASE, shape=shape, batch=batch, transport=httpx.MockTransport(shuffled))
    expected = [float(sum(map(ord, text if text.strip() else "."))) for text in texts]
    assert scorer.score("q", passages(*texts)) == expected


def test_teis_logits_have_a_sigmoid() -> None:
    scorer = remote(RerankDouble("tei"))
    assert scorer.probability(0.0) == 0.5
    assert scorer.probability(-1e6) == 0.0 and scorer.probability(1e6) == 1.0
    assert scorer.probability(0.3) == pytest.approx(1 / (1 + math.exp(-0.3)))


def test_coheres_scores_are_probabilities_until_one_is_none() -> None:
    double = RerankDouble("cohere", lambda query, text: float(text))
    scorer = remote(double)
    scorer.score("q", passages("0", "0.3", "1"))
    assert [scorer.probability(score) for score in (0.0, 0.3, 1.0)] == [0.0, 0.3, 1.0]
    scorer.score("q", passages("0.3", "-4.5"))  # llama.cpp's logits
    assert scorer.probability(0.3) is None and scorer.probability(-4.5) is None


def test_eight_threads_share_a_scorer_over_real_connections() -> None:
    double = RerankDouble("cohere", lambda query, text: float(f"{query}.{text}"))

    def ask(caller: int) -> list[float]:
        return scorer.score(str(caller), passages(*(str(n) for n in range(10, 40))))

    with LoopbackRerank(double) as server:
        scorer = RemoteScorer(f"{server.url}/v1", shape="cohere", batch=8)
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(ask, range(24)))
        scorer.close()
    assert found == [[float(f"{caller}.{n}") for n in range(10, 40)] for caller in range(24)]
    assert len(double.requests) == 24 * 4
    assert {request.url.path for request in double.requests} == {"/v1/rerank"}


async def test_the_compressor_ranks_by_it_and_adds_the_prior() -> None:
    double = RerankDouble("cohere", lambda query, text: len(text) / 10)
    kept = await RerankCompressor(scorer=remote(double)).rerank("q", passages("a", "aaa", "aa"), 2)
    assert [document.page_content for document in kept] == ["aaa", "aa"]
    assert kept[0].metadata == {"rerank_score": 0.3, "relevance_prior": 0.3}


def test_close_refuses_later_calls_and_may_come_twice() -> None:
    double = RerankDouble()
    scorer = remote(double)
    scorer.close()
    scorer.close()
    with pytest.raises(RerankError, match="closed"):
        scorer.score("q", passages("a"))
    assert not double.requests


def test_close_ends_calls_that_wait_for_another_attempt() -> None:
    busy = httpx.Response(429, headers={"Retry-After": "10"})
    double = RerankDouble(first=[busy, busy, busy])
    scorer = RemoteScorer(BASE, shape="tei", transport=httpx.MockTransport(double))
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(scorer.score, "q", passages("a"))
        started = time.monotonic()
        while not double.requests:
            time.sleep(0.001)
        scorer.close()
        with pytest.raises(RerankError, match="closed"):
            call.result(5)
    assert time.monotonic() - started < 5 and len(double.requests) == 1


def test_a_request_under_way_when_it_is_closed_is_answered() -> None:
    double = RerankDouble("tei")
    with LoopbackRerank(double) as server, ThreadPoolExecutor(1) as pool:
        scorer = RemoteScorer(server.url, shape="tei")
        server.hold.clear()
        call = pool.submit(scorer.score, "q", passages("aa"))
        while not double.requests:
            time.sleep(0.001)
        scorer.close()
        server.hold.set()
        assert call.result(5) == [2.0]


def test_what_nobody_waits_for_is_not_asked() -> None:
    double = RerankDouble()
    nobody_waits = threading.Event()
    nobody_waits.set()
    token = abandoned.set(nobody_waits)
    try:
        with pytest.raises(RerankError, match="Nobody waits"):
            remote(double, batch=1).score("q", passages("a", "b", "c"))
    finally:
        abandoned.reset(token)
    assert not double.requests
