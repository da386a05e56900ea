"""A forked child has its parent's locks and queues, and none of the threads that served them."""

from __future__ import annotations

import os
from collections.abc import Callable
from weakref import WeakMethod


def in_children(renew: Callable[[], None]) -> None:
    """Call this bound method first thing in each forked child, as long as its object lives."""
    method = WeakMethod(renew)

    def run() -> None:
        if (alive := method()) is not None:
            alive()

    os.register_at_fork(after_in_child=run)
