"""One worker for all callers of a model: rows wait in parts of a pass, small parts share one.

A part holds at most a pass's budget of tokens, of one call. Each turn takes one part of every call
that waits, first come, first served; a call that comes joins the next turn (round robin, Nagle
1987, in units of a pass). So 10,000 passages do not hold up 20, nor do ever new calls hold up them.
"""

from __future__ import annotations

import heapq
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from churon.tools.errors import RerankError
from churon.tools.forks import renewed_in_children
from churon.tools.rerank.batching import packed
from churon.tools.rerank.scorer import abandoned

LINGER = 0.002
"""Seconds that a pass with room waits for callers that are still turning texts into tokens."""
WAITING_PASSES = 64
"""Callers beyond so many full passes wait outside, in their own threads."""


class Row(Protocol):
    """Token ids of a pair, compared by content."""

    def __hash__(self) -> int: ...
    def __len__(self) -> int: ...


R = TypeVar("R", bound=Row)


class Call:
    """One caller's rows, and the event that tells that nobody waits for them."""

    def __init__(self, rows: int, turn: int) -> None:
        self.scores = [math.nan] * rows
        self.left = rows
        self.turn = turn
        """Of its last part."""
        self.done: Future[list[float]] = Future()
        self._abandoned = abandoned.get()

    def gone(self) -> bool:
        return self.done.done() or (self._abandoned is not None and self._abandoned.is_set())

    def put(self, place: int, score: float) -> None:
        self.scores[place] = score
        self.left -= 1
        if not self.left and not self.done.done():
            self.done.set_result(self.scores)

    def fail(self, error: BaseException) -> None:
        if not self.done.done():
            self.done.set_exception(error)


@dataclass(eq=False)
class _Item(Generic[R]):
    """A row, and the places in calls that its score goes to."""

    row: R
    wanted: list[tuple[Call, int]] = field(default_factory=list)


@dataclass(order=True)
class _Part(Generic[R]):
    turn: int
    arrival: int
    items: list[_Item[R]] = field(compare=False)
    tokens: int = field(compare=False)


Pending = Callable[[], list[float]]
"""Waits for a pass that a GPU works on; one score a row."""


_Begun = tuple[list[_Item[R]], Pending | list[float]]


class PassQueue(Generic[R]):
    """Scores rows of many threads with `begin`, in one thread of its own."""

    def __init__(
        self, begin: Callable[[list[R]], Pending | list[float]], budget: Callable[[], int]
    ) -> None:
        """`begin`: a pass of distinct rows, done or under way; `budget`: tokens of a pass, now."""
        self._begin, self._budget = begin, budget
        self._closed = False
        self._renew()
        renewed_in_children(self)

    def _renew(self) -> None:
        # Joined at the interpreter's exit, and idle without a thread that someone must end
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="churon-rerank-pass")
        self._changed = threading.Condition()
        self._parts: list[_Part[R]] = []
        self._flying: dict[R, _Item[R]] = {}
        """Rows waiting or under way: an equal row joins instead of being scored twice."""
        self._tokens = self._turn = self._arrivals = self._coming = 0
        self._busy = False

    @contextmanager
    def coming(self) -> Iterator[None]:
        """Around what a caller does before `score`: a pass with room waits for it a little."""
        with self._changed:
            self._coming += 1
        try:
            yield
        finally:
            with self._changed:
                self._coming -= 1
                self._changed.notify_all()

    def score(self, rows: Sequence[R]) -> list[float]:
        """One score a row. Blocks. Raises what `submit` and its call's `done` do."""
        return self.submit(rows).done.result()

    def submit(self, rows: Sequence[R], behind: Call | None = None) -> Call:
        """One score a row, in the call's `done`; blocks while too many wait. Raises RerankError
        when closed.

        `behind`: an earlier part of the same work, whose turns these rows go on with. `done` raises
        CancelledError when abandoned, and what the pass raises for these rows.
        """
        with self._changed:
            first = max(self._turn, behind.turn if behind else 0) + 1
            call = Call(len(rows), first)
            if not rows:
                call.done.set_result([])
                return call
            fresh = self._join(rows, call)
            try:
                for ahead, part in enumerate(self._packed(fresh)):
                    call.turn = first + ahead
                    self._admit(_Part(call.turn, self._arrivals, *part))
            except Exception as error:  # no thread to be had: others may have joined these rows
                self._fail(fresh, error)
                raise
            except BaseException:  # Ctrl-C while waiting outside
                self._fail(fresh, RerankError("The caller of these pairs was interrupted."))
                raise
        return call

    def drop(self, call: Call) -> None:
        """Nobody waits for these scores any more."""
        with self._changed:
            call.done.cancel()

    def close(self) -> None:
        """End the pass under way; calls that still wait fail."""
        with self._changed:
            self._closed = True
            for part in self._parts:
                self._fail(part.items, _closed())
            self._parts.clear()
            self._changed.notify_all()
        self._worker.shutdown(wait=True)

    def _join(self, rows: Sequence[R], call: Call) -> list[_Item[R]]:
        if self._closed:
            raise _closed()
        self._arrivals += 1
        fresh: list[_Item[R]] = []
        for place, row in enumerate(rows):
            if (item := self._flying.get(row)) is None:
                item = self._flying[row] = _Item(row)
                fresh.append(item)
            item.wanted.append((call, place))
        return fresh

    def _packed(self, items: list[_Item[R]]) -> Iterator[tuple[list[_Item[R]], int]]:
        lengths = [len(item.row) for item in items]
        for places in packed(lengths, self._budget(), padded=False):
            yield [items[place] for place in places], sum(lengths[place] for place in places)

    def _admit(self, part: _Part[R]) -> None:
        # Waits in the caller's thread; looks up now and then whether anyone still wants the scores
        while self._tokens > WAITING_PASSES * self._budget() and not self._closed:
            if not self._still_wanted(part.items):
                return
            self._changed.wait(0.1)
        if self._closed:
            self._fail(part.items, _closed())
            return
        heapq.heappush(self._parts, part)
        self._tokens += part.tokens
        if not self._busy:
            self._worker.submit(self._drain)  # raises where no thread can be started
            self._busy = True

    def _drain(self) -> None:
        """Pass after pass; the next begins before one under way is waited for, so that a GPU has
        work while rows are laid out.
        """
        under_way: _Begun[R] | None = None
        while items := self._next_pass():
            begun = self._begun(items)
            self._finish(under_way)
            under_way = None
            if begun and callable(begun[1]):
                under_way = begun
            else:
                self._finish(begun)
        self._finish(under_way)

    def _next_pass(self) -> list[_Item[R]]:
        """Items of the parts whose turn it is and that fit together; none ends the worker's job."""
        with self._changed:
            self._linger()
            items: list[_Item[R]] = []
            tokens, budget = 0, self._budget()
            while self._parts and (not items or tokens + self._parts[0].tokens <= budget):
                part = heapq.heappop(self._parts)
                self._turn = max(self._turn, part.turn)  # it may have waited outside meanwhile
                self._tokens -= part.tokens
                live = self._still_wanted(part.items)
                tokens += sum(len(item.row) for item in live)
                items += live
            self._busy = bool(items)
            self._changed.notify_all()
            return items

    def _linger(self) -> None:
        until = time.monotonic() + LINGER
        while self._coming and self._parts and self._tokens < self._budget():
            if (left := until - time.monotonic()) <= 0:
                break
            self._changed.wait(left)

    def _still_wanted(self, items: list[_Item[R]]) -> list[_Item[R]]:
        dropped = [item for item in items if all(call.gone() for call, _ in item.wanted)]
        self._fail(dropped, CancelledError())
        return [item for item in items if self._flying.get(item.row) is item]

    def _begun(self, items: list[_Item[R]]) -> _Begun[R] | None:
        try:
            return items, self._begin([item.row for item in items])
        except Exception as error:  # whatever a model library throws belongs to its callers
            self._blame(items, error)
            return None

    def _finish(self, begun: _Begun[R] | None) -> None:
        if begun is None:
            return
        items, found = begun
        try:
            scored = list(zip(items, found() if callable(found) else found, strict=True))
        except Exception as error:  # a GPU tells of some failures only when it is waited for
            self._blame(items, error)
            return
        with self._changed:
            for item, score in scored:
                self._landed(item)
                for call, place in item.wanted:
                    call.put(place, score)

    def _blame(self, items: list[_Item[R]], error: Exception) -> None:
        """Rows of the same callers failed: they. Of several: what each set of callers waits for
        once more, apart.
        """
        apart: dict[frozenset[int], list[_Item[R]]] = {}
        with self._changed:
            for item in items:
                apart.setdefault(frozenset(id(call) for call, _ in item.wanted), []).append(item)
            if len(apart) == 1:
                self._fail(items, error)
                return
        for own in apart.values():
            self._finish(self._begun(own))

    def _fail(self, items: list[_Item[R]], error: BaseException) -> None:
        for item in items:
            self._landed(item)
            for call, _ in item.wanted:
                call.fail(error)

    def _landed(self, item: _Item[R]) -> None:
        # it may have failed meanwhile, and an equal row taken its place
        if self._flying.get(item.row) is item:
            del self._flying[item.row]


def _closed() -> RerankError:
    return RerankError("The reranker is closed.", remedy="Open a new one.")
