"""A run's account: what each process spent on it, so that a resumed run counts all of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from operator import add
from typing import Any

from churon.tools.types import Account, Usage


def no_usage() -> Usage:
    """Nothing spent."""
    return Usage(calls=0, tokens=0, searches=0, seconds=0.0, cache_hits=0)


def no_account() -> Account:
    """The account of a run that has not begun."""
    return Account(spent={}, call_cap=None, given=None)


def merge_account(old: Account | None, new: Account | None) -> Account:
    """Both accounts in one, in any order and as often as one likes.

    What one process spent only grows, so of two reports the larger holds; different processes add
    up when the account is read. The lower cap of calls holds.
    """
    a, b = old or no_account(), new or no_account()
    spent = dict(a["spent"])
    for process, usage in b["spent"].items():
        spent[process] = _each(max, spent.get(process, usage), usage)
    caps = [one["call_cap"] for one in (a, b) if one["call_cap"] is not None]
    # states of before it was kept have none
    given = a.get("given") if b.get("given") is None else b["given"]
    return Account(spent=spent, call_cap=min(caps, default=None), given=given)


def total(account: Account) -> Usage:
    """What all processes together spent."""
    return reduce(partial(_each, add), account["spent"].values(), no_usage())


def _each(how: Callable[[Any, Any], Any], a: Usage, b: Usage) -> Usage:
    return Usage(
        calls=how(a["calls"], b["calls"]),
        tokens=how(a["tokens"], b["tokens"]),
        searches=how(a["searches"], b["searches"]),
        seconds=how(a["seconds"], b["seconds"]),
        cache_hits=how(a["cache_hits"], b["cache_hits"]),
    )
