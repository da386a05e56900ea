"""A rerank server that fails: what is tried again, what is said, and what is never said."""

from __future__ import annotations

import logging
import socket
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from pydantic import SecretStr
from support.rerank_bench import AB, BASE, REFUSED, Bench, status
from support.rerank_server import LoopbackRerank, Reply, RerankDouble

from churon.tools.errors import ChuronError, RerankError, SettingsError
from churon.tools.rerank.client import ATTEMPTS, LONGEST_WAIT
from churon.tools.rerank.compressor import RerankCompressor
from churon.tools.rerank.endpoint import Endpoint
from churon.tools.rerank.remote import RemoteScorer
from churon.tools.rerank.shapes import TEI

KEY = "sk-very-secret"
PASSING = [
    REFUSED,
    httpx.ReadTimeout("slow"),
    httpx.RemoteProtocolError("Server disconnected without sending a response."),
    *(status(code) for code in (429, 502, 503, 504)),
]


@pytest.mark.parametrize("passing", PASSING, ids=str)
def test_what_passes_is_tried_again_after_a_growing_wait(passing: Reply) -> None:
    bench = Bench(first=[passing] * (ATTEMPTS - 1))
    assert bench.score() == [1.0, 2.0]
    assert bench.asked == ATTEMPTS
    first, second = bench.naps
    assert 0.5 <= first <= 1.0 <= second <= 1.5


@pytest.mark.parametrize("passing", PASSING, ids=str)
def test_what_lasts_is_an_error_with_server_and_next_action(passing: Reply) -> None:
    bench = Bench(first=[passing] * ATTEMPTS)
    said = bench.failure()
    assert bench.asked == ATTEMPTS
    assert f"{BASE}/rerank" in said and "rerank.provider = 'none'" in said


@pytest.mark.parametrize(
    ("asked", "waited"),
    [("3", 3.0), ("0", 0.0), ("-1", 0.0), ("86400", LONGEST_WAIT), ("inf", LONGEST_WAIT)],
)
def test_the_servers_wish_to_wait_is_heeded_within_limits(asked: str, waited: float) -> None:
    bench = Bench(first=[status(429, Retry_After=asked)])
    bench.score()
    assert bench.naps == [waited]


def test_the_wish_may_be_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=8), usegmt=True)
    bench = Bench(first=[status(503, Retry_After=soon)])
    bench.score()
    assert 5 < bench.naps[0] <= 8


@pytest.mark.parametrize("asked", ["", "soon", "nan", "Mon, 99 Foo 2026 00:00:00 GMT"])
def test_a_wish_that_is_neither_is_passed_over(asked: str) -> None:
    bench = Bench(first=[status(503, Retry_After=asked)])
    bench.score()
    assert 0.5 <= bench.naps[0] <= 1.0


@pytest.mark.parametrize("code", [307, 400, 401, 403, 404, 405, 413, 422, 424, 500, 501])
def test_what_does_not_pass_is_not_tried_again(code: int) -> None:
    bench = Bench(first=[status(code)])
    assert f"status {code}" in bench.failure()
    assert bench.asked == 1 and not bench.naps
    assert bench.score() == [1.0, 2.0]


def test_one_batch_that_fails_is_the_failure_of_the_call() -> None:
    bench = Bench(first=[status(400)], batch=1)
    assert "status 400" in bench.failure()
    assert bench.asked <= 2


@pytest.mark.parametrize("code", [400, 401, 403, 500])
def test_no_secret_is_in_messages_causes_or_logs(
    code: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = status(code, json={"message": f"Incorrect API key provided: {KEY}"})
    url = "http://me:pass-word@rerank.test/v1?token=hidden"
    bench = Bench("cohere", first=[echo], base_url=url, api_key=SecretStr(KEY))
    try:
        bench.score()
    except ChuronError as error:
        said, trace = str(error), "".join(traceback.format_exception(error))
    assert "http://rerank.test/v1/rerank" in said
    assert "hidden" not in said + bench.scorer.name
    for secret in (KEY, "pass-word"):
        assert secret not in said + trace + caplog.text + repr(vars(bench.scorer))
        assert secret not in repr(Endpoint("http://h", "", TEI, 1.0, secret))
    if code in (401, 403):
        assert "refused the key" in said and "Set rerank.api_key." in said


def test_a_missing_key_is_told_from_a_wrong_one() -> None:
    assert "wants a key (status 401)" in Bench(first=[status(401)]).failure()


@pytest.mark.parametrize("key", ["two\nlines", "열쇠", "a\x00b"])
def test_a_key_that_no_header_can_hold_is_a_wrong_setting_and_not_shown(key: str) -> None:
    with pytest.raises(SettingsError, match=r"rerank\.api_key") as caught:
        Bench(api_key=SecretStr(key))
    assert key not in "".join(traceback.format_exception(caught.value))


def test_no_server_says_so() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        scorer = RemoteScorer(url, shape="tei", sleep=lambda seconds: None)
        with pytest.raises(RerankError, match=r"no answer \(ConnectError.*Start it, set rerank.b"):
            scorer.score("q", AB)
        scorer.close()


def test_a_host_that_takes_no_connection_is_not_said_to_be_slow() -> None:
    said = Bench(first=[httpx.ConnectTimeout("")] * ATTEMPTS).failure()
    assert "gave no answer (ConnectTimeout)" in said and "Start it" in said


def test_a_silent_server_is_given_up_after_the_timeout() -> None:
    double = RerankDouble()
    with LoopbackRerank(double) as server:
        scorer = RemoteScorer(server.url, shape="tei", timeout=0.05, sleep=lambda seconds: None)
        server.hold.clear()
        with pytest.raises(RerankError, match=r"within 0\.05 s.*Raise rerank\.timeout"):
            scorer.score("q", AB)
        server.hold.set()
        assert len(double.requests) == ATTEMPTS
        scorer.close()


async def test_the_compressor_passes_the_error_on() -> None:
    compressor = RerankCompressor(scorer=Bench(first=[REFUSED] * ATTEMPTS).scorer)
    with pytest.raises(RerankError, match="Start it") as caught:
        await compressor.rerank("q", AB)
    assert type(caught.value) is RerankError


def test_eight_threads_try_again_each_for_itself() -> None:
    double, seen = RerankDouble(), set[bytes]()

    def busy_at_first(request: httpx.Request) -> httpx.Response:
        if request.content not in seen:
            seen.add(request.content)
            return status(503)
        return double(request)

    transport = httpx.MockTransport(busy_at_first)
    scorer = RemoteScorer(BASE, shape="tei", transport=transport, sleep=lambda seconds: None)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: scorer.score(f"{n}", AB), range(64)))
    assert found == [[1.0, 2.0]] * 64 and len(seen) == len(double.requests) == 64


def test_batches_of_a_call_that_failed_are_not_tried_again() -> None:
    asked, busy = list[bytes](), threading.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.content)
        if b'"bb"' in request.content:
            busy.set()
            return status(503)
        assert busy.wait(10)
        return status(400)

    def sleep(seconds: float) -> None:
        time.sleep(0.3)  # long enough for the other batch to end the call

    transport = httpx.MockTransport(answer)
    scorer = RemoteScorer(BASE, shape="tei", batch=1, transport=transport, sleep=sleep)
    with pytest.raises(RerankError, match="status 400"):
        scorer.score("q", AB)
    assert len(asked) == 2
