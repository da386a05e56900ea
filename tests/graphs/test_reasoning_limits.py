"""Budgets inside fan-outs: slow or wordy models overshoot by the calls in flight, and no more."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from support import bridge
from support.bridge import TEXTS, model, steps
from support.scripted import Reply
from support.world import ListStore

REASONING = ["cot_rag", "mcts_rag", "auto"]
WIDE = steps(*(f"What is fact {n} of the town?" for n in range(5)))


ask = partial(bridge.ask, leaves=4, rollouts=8, max_replans=2)


@pytest.mark.parametrize("graph", REASONING)
@pytest.mark.parametrize("calls", range(1, 16, 2))
async def test_calls_never_exceed_the_limit(graph: str, calls: int) -> None:
    made: list[str] = []

    def answer(step: str, prompt: str) -> Reply | str:
        made.append(step)
        return model(plan=WIDE)(step, prompt)

    output = await ask(graph, answer, limits={"calls": calls})
    assert len(made) == output["usage"]["calls"] <= calls


@pytest.mark.parametrize("graph", REASONING)
async def test_tokens_exceed_the_limit_only_by_calls_in_flight(graph: str) -> None:
    sizes: list[int] = []

    def wordy(step: str, prompt: str) -> Reply | str:
        sizes.append(len(prompt.split()) + 400)
        return WIDE if step == "plan" else "word " * 400

    output = await ask(graph, wordy, limits={"tokens": 1_500}, answer_tokens=400)
    assert output["stop_reason"] == "budget:tokens"
    in_flight = 5 * 3  # five steps, three passages graded in each
    assert output["usage"]["tokens"] <= 1_500 + in_flight * max(sizes)


@pytest.mark.parametrize("graph", REASONING)
@pytest.mark.parametrize("searches", [1, 2, 3])
async def test_searches_never_exceed_the_limit(graph: str, searches: int) -> None:
    store = ListStore(TEXTS)
    count = iter(range(1000))
    answer = model(plan=WIDE, query=lambda _: f"Where is fact {next(count)}?")
    output = await ask(graph, answer, store=store, limits={"searches": searches})
    assert len(store.asked) == output["usage"]["searches"] <= searches


@pytest.mark.parametrize("graph", REASONING)
async def test_seconds_end_a_slow_run(graph: str) -> None:
    def slow(step: str, prompt: str) -> Reply:
        return Reply(WIDE if step == "plan" else "late", delay=0.05 if step == "plan" else 60.0)

    loop = asyncio.get_running_loop()
    began = loop.time()
    output = await ask(graph, slow, limits={"seconds": 0.4})
    assert output["stop_reason"] == "budget:seconds"
    assert output["usage"]["seconds"] < 5 and loop.time() - began < 10


@pytest.mark.parametrize("graph", REASONING)
async def test_identical_calls_of_branches_are_paid_once(graph: str) -> None:
    twice = steps("In which town does it stand?", "In which town does it stand ?")
    output = await ask(graph, model(plan=twice))
    assert output["usage"]["cache_hits"] > 0


async def test_the_best_answer_so_far_survives_an_exhausted_budget() -> None:
    whole = await ask("mcts_rag", model())
    cut = await ask("mcts_rag", model(), limits={"calls": whole["usage"]["calls"] - 2})
    assert cut["answer"] and cut["status"] in {"budget_exhausted", "grounded", "partial"}
    found = await ask("cot_rag", model(), limits={"calls": 11})
    assert found["status"] == "budget_exhausted" and "Sora Han" in found["answer"]
