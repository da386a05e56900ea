"""The budget and the single-flight cache on their own."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churon.tools.account import merge_account, no_account, no_usage, total
from churon.tools.budget import Budget
from churon.tools.context import Limits
from churon.tools.errors import BudgetExhausted
from churon.tools.flight import SingleFlight
from churon.tools.types import Account, Usage

counts = st.integers(0, 100)
usages = st.builds(
    lambda c, t, s, x, h: Usage(calls=c, tokens=t, searches=s, seconds=x, cache_hits=h),
    counts, counts, counts, st.floats(0, 100), counts,
)  # fmt: skip


accounts = st.builds(
    lambda spent, cap: Account(spent=spent, call_cap=cap, given=None),
    st.dictionaries(st.sampled_from("abc"), usages),
    st.none() | counts,
)


@given(accounts, accounts, accounts)
def test_accounts_merge_in_any_order(a: Account, b: Account, c: Account) -> None:
    assert merge_account(a, b) == merge_account(b, a)
    assert merge_account(merge_account(a, b), c) == merge_account(a, merge_account(b, c))
    assert merge_account(a, a) == a


@given(accounts, st.integers(0, 5), st.integers(0, 5))
def test_what_several_processes_spent_adds_up(a: Account, here: int, there: int) -> None:
    limits = Limits(calls=1_000)
    budgets = [
        Budget(limits, Account(spent=a["spent"], call_cap=None, given=None)) for _ in range(2)
    ]
    for budget, calls in zip(budgets, (here, there), strict=True):
        for _ in range(calls):
            budget.take_call()
    first, second = budgets
    first.learn(second.account())
    first.learn(second.account())  # as every node that reads the state does
    assert first.usage()["calls"] == total(a)["calls"] + here + there


def spent(**usage: float) -> Account:
    """Of a process before this one."""
    return Account(spent={"a": Usage(**{**no_usage(), **usage})}, call_cap=None, given=None)  # type: ignore[typeddict-item]


def test_what_comes_back_of_its_own_account_is_not_counted_twice() -> None:
    budget = Budget(Limits(calls=3), no_account())
    for _ in range(3):
        budget.take_call()
        budget.learn(budget.account())
    assert budget.usage()["calls"] == 3
    with pytest.raises(BudgetExhausted):
        budget.take_call()


def test_a_call_is_told_how_many_tokens_are_left() -> None:
    budget = Budget(Limits(tokens=100), spent(tokens=30))
    assert budget.take_call() == 70
    budget.add_tokens(50)
    assert budget.take_call() == 20


def test_the_knobs_a_run_was_begun_with_outlive_states_that_know_none() -> None:
    begun: Account = {**no_account(), "given": {"k2": 3}}
    for merged in (merge_account(begun, no_account()), merge_account(no_account(), begun)):
        assert merged["given"] == {"k2": 3}


def test_a_cap_goes_on_in_the_next_process() -> None:
    budget = Budget(Limits(), no_account())
    budget.cap_calls(2)
    budget.take_call()
    resumed = Budget(Limits(), budget.account())
    resumed.cap_calls(9)  # never raised
    resumed.take_call()
    with pytest.raises(BudgetExhausted) as caught:
        resumed.take_call()
    assert caught.value.limit == "call_cap"


@given(st.integers(1, 20), st.integers(0, 40))
def test_a_budget_counts_to_its_limit(limit: int, tries: int) -> None:
    budget = Budget(Limits(calls=limit), no_account())
    done = 0
    for _ in range(tries):
        try:
            budget.take_call()
        except BudgetExhausted as error:
            assert error.limit == "calls" and done == limit
        else:
            done += 1
    assert done == min(limit, tries) == budget.usage()["calls"]


async def test_a_resumed_budget_goes_on_counting_but_not_while_it_waits() -> None:
    now = 1_000.0
    budget = Budget(Limits(calls=4, seconds=60), spent(calls=3, seconds=50.0), clock=lambda: now)
    budget.take_call()
    with pytest.raises(BudgetExhausted, match="4 calls"):
        budget.take_call()
    now += 3_600  # paused for its user
    assert budget.usage()["seconds"] == 50.0
    async with budget.deadline(), budget.deadline():  # two at once count once
        now += 10
    assert budget.usage()["seconds"] == 60.0
    with pytest.raises(BudgetExhausted, match="60 seconds"):
        budget.check_seconds()


async def test_a_deadline_becomes_budget_exhausted_and_other_timeouts_do_not() -> None:
    budget = Budget(Limits(seconds=0.05), no_account())
    with pytest.raises(BudgetExhausted, match="seconds"):
        async with budget.deadline():
            await asyncio.sleep(5)
    relaxed = Budget(Limits(seconds=50), no_account())
    with pytest.raises(TimeoutError):
        async with relaxed.deadline():
            raise TimeoutError


async def test_a_resumed_runs_deadline_is_what_is_left() -> None:
    budget = Budget(Limits(seconds=50.05), spent(seconds=50.0))
    with pytest.raises(BudgetExhausted, match="seconds"):
        async with asyncio.timeout(20), budget.deadline():
            await asyncio.sleep(60)


async def test_one_flight_for_many_callers() -> None:
    flight, runs, hits = SingleFlight(), 0, 0

    async def work() -> int:
        nonlocal runs
        runs += 1
        await asyncio.sleep(0.01)
        return 42

    def hit() -> None:
        nonlocal hits
        hits += 1

    found = await asyncio.gather(*(flight.get("key", work, hit) for _ in range(10)))
    assert (found, runs, hits) == ([42] * 10, 1, 9)


async def test_a_failed_flight_reaches_its_caller_only() -> None:
    flight, tries = SingleFlight(), 0

    async def work() -> str:
        nonlocal tries
        tries += 1
        mine = tries
        await asyncio.sleep(0.01)
        if mine == 1:
            raise ValueError("first")
        return "second"

    found = await asyncio.gather(
        *(flight.get("key", work, lambda: None) for _ in range(3)), return_exceptions=True
    )
    assert isinstance(found[0], ValueError) and found[1:] == ["second", "second"]


@pytest.mark.parametrize("cancelled", ["leader", "waiter"])
async def test_a_cancelled_caller_leaves_the_work_to_the_other(cancelled: str) -> None:
    flight, begun, ready = SingleFlight(), asyncio.Event(), asyncio.Event()

    async def work() -> str:
        begun.set()
        await ready.wait()
        return "done"

    leader = asyncio.create_task(flight.get("key", work, lambda: None))
    await begun.wait()
    waiter = asyncio.create_task(flight.get("key", work, lambda: None))
    await asyncio.sleep(0)  # it finds the work under way, and waits
    gone, other = (leader, waiter) if cancelled == "leader" else (waiter, leader)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    ready.set()
    assert await other == "done"
