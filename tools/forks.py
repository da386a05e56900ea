"""A forked child has its parent's locks and queues, and none of the threads that served them."""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakValueDictionary


class Forked(Protocol):
    """Has locks, threads or connections."""

    def _renew(self) -> None:
        """Make them anew: what other threads had or did is not there any more."""


_alive: WeakValueDictionary[int, Forked] = WeakValueDictionary()  # some have no hash


def renewed_in_children(one: Forked) -> None:
    """Renew it first thing in each forked child, as long as it lives."""
    _alive[id(one)] = one


def _renew_all() -> None:
    for one in list(_alive.values()):
        one._renew()


os.register_at_fork(after_in_child=_renew_all)
