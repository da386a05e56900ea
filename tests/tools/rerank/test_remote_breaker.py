"""A rerank server that keeps failing is left alone: calls fail at once until a trial succeeds."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from support.rerank_bench import BASE, REFUSED, Bench, status

from churon.tools.errors import RerankError
from churon.tools.rerank.client import ATTEMPTS

HTML = httpx.Response(200, text="<html><body>Sign in</body></html>")


def test_after_five_failures_in_a_row_calls_fail_at_once() -> None:
    bench = Bench()
    bench.fail(4)
    assert bench.score() == [1.0, 2.0]  # not in a row any more
    bench.fail(5)
    asked = bench.asked
    bench.now += 10
    said = bench.failure()
    assert "failed 5 times in a row" in said and "tried again in 20 s" in said
    assert f"{BASE}/rerank" in said and "Start it" in said
    assert bench.asked == asked


def test_a_trial_after_the_pause_closes_the_circuit() -> None:
    bench = Bench()
    bench.fail(5)
    bench.now += 30
    assert bench.score() == [1.0, 2.0]
    bench.fail(4)
    assert bench.score() == [1.0, 2.0]


def test_a_trial_that_fails_opens_it_for_another_pause() -> None:
    bench = Bench()
    bench.fail(5)
    bench.now += 30
    bench.fail(1)
    asked = bench.asked
    assert "failed 6 times in a row" in bench.failure()
    bench.now += 29.9
    assert "tried again in 1 s" in bench.failure()
    assert bench.asked == asked
    bench.now += 0.1
    assert bench.score() == [1.0, 2.0]


@pytest.mark.parametrize("reply", [status(400), status(500), HTML], ids=str)
def test_a_server_that_answers_is_not_left_alone(reply: httpx.Response) -> None:
    bench = Bench(first=[reply] * 6)
    for _ in range(6):
        bench.failure()
    assert bench.score() == [1.0, 2.0]
    bench.fail(5)
    bench.now += 30
    bench.double.first = [reply]
    bench.failure()  # the trial: a bad answer is an answer, and closes it
    bench.fail(4)
    assert bench.score() == [1.0, 2.0]


def test_while_one_trial_is_under_way_others_fail_at_once() -> None:
    bench = Bench()
    bench.fail(5)
    bench.now += 30
    entered, release = threading.Event(), threading.Event()

    def rule(query: str, text: str) -> float:
        entered.set()
        assert release.wait(10)
        return 1.0

    bench.double.rule = rule
    asked = bench.asked
    with ThreadPoolExecutor(8) as pool:
        trial = pool.submit(bench.score)
        assert entered.wait(10)
        others = [pool.submit(bench.score) for _ in range(7)]
        for other in others:
            with pytest.raises(RerankError, match="tried again by another call right now"):
                other.result(10)
        release.set()
        assert trial.result(10) == [1.0, 1.0]
    assert bench.asked == asked + 1
    assert bench.score() == [1.0, 1.0]


def test_a_trial_that_is_stopped_from_outside_leaves_the_next_call_to_try() -> None:
    bench = Bench()
    bench.fail(5)
    bench.now += 30
    bench.double.first = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        bench.score()
    assert bench.score() == [1.0, 2.0]


@pytest.mark.parametrize("fails", [True, False])
def test_a_call_that_began_before_it_opened_closes_it_or_changes_nothing(fails: bool) -> None:
    bench = Bench()
    entered, release = threading.Event(), threading.Event()

    def gate() -> None:
        if threading.current_thread() is not threading.main_thread():
            entered.set()
            assert release.wait(10)

    bench.double.gate = gate
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(bench.score)
        assert entered.wait(10)
        bench.fail(5)
        bench.now += 20
        bench.double.first = [REFUSED] * ATTEMPTS if fails else []
        release.set()
        assert (late.exception(10) is not None) == fails
    if fails:
        assert "tried again in 10 s" in bench.failure()
        bench.now += 10
    assert bench.score() == [1.0, 2.0]
