"""The pass queue among its callers: nobody starves, or pays for another's pair."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from support.pass_queue import Model, Row, rows, sums
from support.waiting import until

from churon.tools.errors import RerankError
from churon.tools.rerank.queue import Call, PassQueue

BUDGET = 10


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def queue(model: Model) -> Iterator[PassQueue[Row]]:
    made = PassQueue[Row](model, lambda: BUDGET)
    yield made
    model.free.set()
    made.close()


def occupied(queue: PassQueue[Row], model: Model) -> Call:
    """A call whose pass is under way until the model is free; what follows waits."""
    model.hold()
    call = queue.submit([(999,)])
    assert model.entered.wait(10)
    return call


def test_short_calls_that_keep_coming_do_not_starve_a_long_one() -> None:
    came: list[Call] = []

    def begin(asked: list[Row]) -> list[float]:
        if len(came) < 40:  # two more for each pass
            came.extend(queue.submit(rows(100 * len(came) + 100, 4)) for _ in "ab")
        passes.append(asked)
        return sums(asked)

    passes: list[list[Row]] = []
    queue = PassQueue[Row](begin, lambda: BUDGET)
    long = queue.submit(rows(0, 20))  # four passes
    assert long.done.result(10) == sums(rows(0, 20))
    until(lambda: all(call.done.done() for call in came))
    of_long = [n for n, one in enumerate(passes) if one[0] in rows(0, 20)]
    assert len(of_long) == 4 and of_long[-1] < 20  # while the others still came
    queue.close()


@pytest.mark.parametrize("bad_first", [True, False])
def test_who_waits_for_a_good_row_does_not_fail_for_its_neighbour(
    queue: PassQueue[Row], model: Model, bad_first: bool
) -> None:
    model.poison = 13
    occupied(queue, model)
    shared, bad = (2,), (13,)
    first = queue.submit([bad, shared] if bad_first else [shared])
    second = queue.submit([shared, (3,)] if bad_first else [bad, shared])
    model.free.set()
    failing, other = (first, second) if bad_first else (second, first)
    assert other.done.result(10)[0] == 2.0
    with pytest.raises(RuntimeError, match="cannot score 13"):
        failing.done.result(10)


def test_who_joins_a_row_while_its_failure_is_sorted_out_is_answered() -> None:
    late: list[Call] = []

    def begin(asked: list[Row]) -> list[float]:
        if (13,) not in asked:
            return sums(asked)
        if not late:
            late.append(queue.submit([(2,)]))
        raise RuntimeError("cannot score 13")

    queue = PassQueue[Row](begin, lambda: BUDGET)
    with pytest.raises(RuntimeError, match="cannot score 13"):
        queue.score([(13,), (2,)])
    assert late[0].done.result(10) == [2.0]
    queue.close()


def test_rows_of_an_interrupted_caller_are_not_scored_beside_equal_ones(
    queue: PassQueue[Row], model: Model
) -> None:
    occupied(queue, model)
    queue.submit(rows(0, 2))
    with queue._changed:  # as Ctrl-C in the thread of a caller does
        queue._fail([queue._flying[row] for row in rows(0, 2)], RerankError("interrupted"))
    again = queue.submit(rows(0, 2))
    model.free.set()
    assert again.done.result(10) == sums(rows(0, 2))
    assert model.passes[1:] == [rows(0, 2)]


def test_a_thread_that_cannot_be_started_fails_those_who_want_its_rows_alone(
    queue: PassQueue[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    joined: list[Call] = []

    def refuse(thread: threading.Thread) -> None:
        joined.append(queue.submit([(1,)]))
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            queue.score([(1,)])
    with pytest.raises(RuntimeError, match="can't start new thread"):
        joined[0].done.result(10)
    assert queue.submit([(2,)]).done.result(10) == [2.0]


def test_a_full_pass_waits_for_nobody(
    queue: PassQueue[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("churon.tools.rerank.queue.LINGER", 60.0)
    with queue.coming():
        full = queue.submit(rows(0, BUDGET // 2))
        assert full.done.result(10) == sums(rows(0, BUDGET // 2))


def test_a_pass_with_room_waits_two_milliseconds_at_most(
    queue: PassQueue[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(queue._changed, "wait", waited.append)
    with queue.coming():
        assert queue.submit([(1,)]).done.result(10) == [1.0]
    assert 0 < max(waited) <= 0.002
