"""A scripted model for the pass queue, and callers of it."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context

from support.waiting import until

from churon.tools.rerank.queue import PassQueue
from churon.tools.rerank.scorer import abandoned

Row = tuple[int, ...]


class Model:
    """Scores a row by its sum; can be held, and can fail on a number."""

    def __init__(self) -> None:
        self.passes: list[list[Row]] = []
        self.free = threading.Event()
        self.free.set()
        self.entered = threading.Event()
        self.poison: int | None = None

    def __call__(self, rows: list[Row]) -> list[float]:
        self.passes.append(rows)
        self.entered.set()
        assert self.free.wait(10)
        if any(self.poison in row for row in rows):
            raise RuntimeError(f"cannot score {self.poison}")
        return [float(sum(row)) for row in rows]

    def hold(self) -> None:
        self.entered.clear()
        self.free.clear()


class Callers:
    """Calls from threads, each begun only when the one before stands in the queue."""

    def __init__(self, queue: PassQueue[Row]) -> None:
        self.queue = queue
        self.pool = ThreadPoolExecutor(100)

    def call(self, rows: list[Row], gone: threading.Event | None = None) -> Future[list[float]]:
        context = copy_context()
        context.run(abandoned.set, gone)
        before = self.queue._arrivals
        future = self.pool.submit(context.run, self.queue.score, rows)
        until(lambda: self.queue._arrivals > before)
        return future


def rows(start: int, count: int, length: int = 2) -> list[Row]:
    """Distinct rows of one length."""
    return [(start + n,) * length for n in range(count)]


def sums(given: list[Row]) -> list[float]:
    return [float(sum(row)) for row in given]
