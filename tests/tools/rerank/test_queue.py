"""The pass queue with a scripted model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.pass_queue import Callers, Model, Row, rows, sums
from support.waiting import until

from churon.tools.errors import RerankError
from churon.tools.rerank.queue import WAITING_PASSES, PassQueue


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def callers(model: Model) -> Iterator[Callers]:
    queue = PassQueue[Row](model, lambda: 10)
    made = Callers(queue)
    yield made
    model.free.set()
    queue.close()
    made.pool.shutdown(wait=True)


def test_a_call_gets_its_scores_in_its_order_within_the_budget(
    model: Model, callers: Callers
) -> None:
    mixed = [(1,) * 3, (2,) * 9, (3,), (4,) * 12, (1,) * 3, (5,) * 4]
    assert callers.call(mixed).result(10) == sums(mixed)
    assert all(sum(map(len, one)) <= 10 or len(one) == 1 for one in model.passes)
    assert sum(len(one) for one in model.passes) == 5  # the equal rows once
    assert callers.queue.score([]) == []


def test_small_calls_share_a_pass(model: Model, callers: Callers) -> None:
    model.hold()
    first = callers.call(rows(0, 1))
    assert model.entered.wait(10)
    others = [callers.call(rows(10 * n, 2)) for n in range(1, 5)]
    model.free.set()
    assert first.result(10) == sums(rows(0, 1))
    for n, other in enumerate(others, 1):
        assert other.result(10) == sums(rows(10 * n, 2))
    assert [len(one) for one in model.passes] == [1, 4, 4]  # ten tokens: two calls each


def test_an_equal_row_under_way_is_joined(model: Model, callers: Callers) -> None:
    model.hold()
    first = callers.call(rows(0, 3))
    assert model.entered.wait(10)
    second = callers.call(rows(1, 3))
    model.free.set()
    assert first.result(10) == sums(rows(0, 3)) and second.result(10) == sums(rows(1, 3))
    assert model.passes == [rows(0, 3), [(3, 3)]]


def test_a_long_call_does_not_hold_up_a_short_one(model: Model, callers: Callers) -> None:
    model.hold()
    long = callers.call(rows(0, 100))  # twenty passes
    assert model.entered.wait(10)
    short = callers.call(rows(1_000, 5))
    model.free.set()
    assert short.result(10) == sums(rows(1_000, 5))
    assert long.result(10) == sums(rows(0, 100))
    assert rows(1_000, 5) in model.passes[:3]


def test_first_come_first_served_among_short_ones(model: Model, callers: Callers) -> None:
    model.hold()
    calls = [callers.call(rows(10 * n, 5)) for n in range(5)]
    model.free.set()
    for call in calls:
        call.result(10)
    assert model.passes == [rows(10 * n, 5) for n in range(5)]


def test_work_that_nobody_waits_for_is_skipped(model: Model, callers: Callers) -> None:
    model.hold()
    first = callers.call(rows(0, 5))
    assert model.entered.wait(10)
    gone = threading.Event()
    left, kept = callers.call(rows(10, 5), gone), callers.call([(10, 10), (77,)])
    gone.set()
    model.free.set()
    assert first.result(10) and kept.result(10) == [20.0, 77.0]  # its row of the left call is kept
    with pytest.raises(CancelledError):
        left.result(10)
    assert sorted(row for one in model.passes[1:] for row in one) == [(10, 10), (77,)]


def test_a_full_queue_holds_callers_outside_and_lets_them_go(
    model: Model, callers: Callers
) -> None:
    model.hold()
    gone = threading.Event()
    full = callers.call(rows(0, 5 * (WAITING_PASSES + 3)))
    assert model.entered.wait(10)
    until(lambda: callers.queue._tokens > 10 * WAITING_PASSES)
    outside = callers.call(rows(10_000, 5), gone)
    time.sleep(0.02)
    assert callers.queue._tokens <= 10 * (WAITING_PASSES + 1)
    gone.set()
    with pytest.raises(CancelledError):  # without waiting for the model
        outside.result(10)
    model.free.set()
    assert full.result(10) == sums(rows(0, 5 * (WAITING_PASSES + 3)))


def test_a_failure_reaches_its_own_caller_only(model: Model, callers: Callers) -> None:
    model.poison = 20
    model.hold()
    calls = [callers.call(rows(10 * n, 1)) for n in range(5)]
    model.free.set()
    for n, call in enumerate(calls):
        if n == 2:
            with pytest.raises(RuntimeError, match="cannot score 20"):
                call.result(10)
        else:
            assert call.result(10) == sums(rows(10 * n, 1))
    model.poison = None
    assert callers.call(rows(20, 1)).result(10) == [40.0]  # and not for good


def test_a_model_that_loses_rows_is_a_failure_not_a_hang() -> None:
    queue = PassQueue[Row](lambda given: [1.0], lambda: 10)
    with pytest.raises(ValueError, match="zip"):
        queue.score(rows(0, 2))
    queue.close()


def test_closing_ends_the_pass_under_way_and_fails_what_waits(
    model: Model, callers: Callers
) -> None:
    model.hold()
    first, second = callers.call(rows(0, 5)), callers.call(rows(10, 5))
    assert model.entered.wait(10)
    closing = callers.pool.submit(callers.queue.close)
    with pytest.raises(RerankError, match="closed"):
        second.result(10)
    model.free.set()
    assert first.result(10) == sums(rows(0, 5))
    closing.result(10)
    with pytest.raises(RerankError, match="closed"):
        callers.queue.score(rows(0, 1))


def test_a_pass_with_room_waits_for_callers_that_are_coming(
    model: Model, callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("churon.tools.rerank.queue.LINGER", 10.0)
    with callers.queue.coming():
        first = callers.call(rows(0, 1))
        time.sleep(0.02)
        assert not model.passes  # it waits for us
        second = callers.call(rows(10, 1))
    assert first.result(10) + second.result(10) == [0.0, 20.0]
    assert len(model.passes) == 1
    started = time.monotonic()
    callers.call(rows(20, 1)).result(10)
    assert time.monotonic() - started < 5  # nobody is coming: no wait


calls = st.lists(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 14)).map(lambda p: (p[0],) * p[1]),
             max_size=12), min_size=1, max_size=8,
)  # fmt: skip


@given(calls, st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_whatever_threads_ask_at_once_each_gets_its_own(
    given: list[list[Row]], budget: int
) -> None:
    seen: list[list[Row]] = []
    queue = PassQueue[Row](lambda asked: seen.append(asked) or sums(asked), lambda: budget)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(queue.score, given))
    queue.close()
    assert found == [sums(one) for one in given]
    assert all(len(set(one)) == len(one) for one in seen)
    assert all(sum(map(len, one)) <= budget or len(one) == 1 for one in seen)
    assert not queue._flying and not queue._parts and queue._tokens == 0


class Gpu(Model):
    """Begins a pass at once; its scores are waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[int] = []

    def __call__(self, rows: list[Row]) -> Callable[[], list[float]]:  # type: ignore[override]
        number = len(self.passes)
        self.passes.append(rows)

        def wait() -> list[float]:
            self.waited.append(number)
            assert self.free.wait(10)
            if any(self.poison in row for row in rows):
                raise RuntimeError(f"cannot score {self.poison}")
            return sums(rows)

        return wait


def test_a_pass_begins_before_the_one_under_way_is_waited_for() -> None:
    model = Gpu()
    queue = PassQueue[Row](model, lambda: 10)
    given = rows(0, 14)  # of two tokens: three passes
    assert queue.submit(given).done.result(10) == sums(given)
    assert [len(one) for one in model.passes] == [5, 5, 4]
    assert model.waited == [0, 1, 2]
    model.hold()
    first = queue.submit(rows(100, 10)).done
    until(lambda: len(model.passes) == 5)
    assert not first.done()
    model.free.set()
    assert first.result(10) == sums(rows(100, 10))
    queue.close()


def test_a_pass_that_fails_while_it_is_waited_for_fails_its_caller_only() -> None:
    model = Gpu()
    model.poison = 3
    queue = PassQueue[Row](model, lambda: 10)
    with queue.coming():  # so that both are there before the first pass begins
        model.hold()
        ahead = queue.submit(rows(100, 5)).done
        until(lambda: len(model.passes) == 1)
        poisoned, other = queue.submit([(3, 0)]).done, queue.submit(rows(50, 4)).done
        model.free.set()
    assert ahead.result(10) == sums(rows(100, 5))
    with pytest.raises(RuntimeError, match="cannot score 3"):
        poisoned.result(10)
    assert other.result(10) == sums(rows(50, 4))
    assert model.passes[1] == [(3, 0), *rows(50, 4)]
    queue.close()


def test_portions_of_one_work_do_not_hold_up_a_short_call(model: Model, callers: Callers) -> None:
    model.hold()
    queue = callers.queue
    call = queue.submit(rows(0, 5))
    until(lambda: len(model.passes) == 1)
    for portion in range(1, 20):
        call = queue.submit(rows(100 * portion, 5), call)
    short = queue.submit(rows(9_000, 2)).done
    model.free.set()
    assert short.result(10) == sums(rows(9_000, 2))
    assert call.done.result(10) == sums(rows(1_900, 5))
    assert next(n for n, one in enumerate(model.passes) if (9_000, 9_000) in one) <= 3


def test_rows_that_failed_in_between_do_not_end_the_worker(model: Model, callers: Callers) -> None:
    model.hold()
    queue = callers.queue
    under_way = queue.submit(rows(0, 3))
    until(lambda: len(model.passes) == 1)
    with queue._changed:  # as Ctrl-C in the thread of a caller does
        queue._fail(list(queue._flying.values()), RerankError("interrupted"))
    model.free.set()
    with pytest.raises(RerankError, match="interrupted"):
        under_way.done.result(10)
    assert queue.score(rows(0, 3)) == sums(rows(0, 3))


def test_dropped_calls_are_not_scored(model: Model, callers: Callers) -> None:
    model.hold()
    queue = callers.queue
    under_way = queue.submit(rows(0, 3))
    until(lambda: len(model.passes) == 1)
    dropped, kept = queue.submit(rows(100, 3)), queue.submit(rows(200, 2))
    queue.drop(dropped)
    queue.drop(under_way)
    model.free.set()
    assert kept.done.result(10) == sums(rows(200, 2))
    assert model.passes == [rows(0, 3), rows(200, 2)]
    assert queue.score(rows(0, 3)) == sums(rows(0, 3))
