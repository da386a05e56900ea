"""Budgets hold inside fan-outs; an exhausted run returns the best it has, with the reason."""

from __future__ import annotations

from typing import Any

import pytest
from support.ferry import FERRY, QUESTION, model
from support.scripted import Reply
from support.world import labels, world

from churon.graphs.contract import RagOutput
from churon.graphs.registry import build_graph


async def run(answer: Any = None, **limits: Any) -> RagOutput:
    toolkit = world(answer or model(), limits=limits)
    output: RagOutput = await build_graph("self_rag", toolkit).ainvoke({"question": QUESTION})
    return output


@pytest.mark.parametrize("calls", range(1, 9))
async def test_calls_never_exceed_the_limit(calls: int) -> None:
    output = await run(calls=calls)
    assert output["usage"]["calls"] <= calls
    if output["usage"]["calls"] == calls < 8:
        assert output["status"] == "budget_exhausted"
        assert output["stop_reason"] == "budget:calls"


async def test_the_best_answer_so_far_is_returned() -> None:
    # three gradings and three candidates fit, the critique does not
    output = await run(calls=6)
    assert output["answer"] == "The Lumen leaves at 07:30."
    assert output["claims"][0]["support"] == "unchecked"
    assert output["status"] == "budget_exhausted"


async def test_without_any_answer_the_run_says_so() -> None:
    output = await run(calls=1)
    assert output["claims"] == [] and "budget" in output["answer"]
    assert output["missing"] == [QUESTION]


async def test_tokens_exceed_the_limit_only_by_calls_in_flight() -> None:
    def wordy(step: str, prompt: str) -> Reply | str:
        return labels(Y=0.9, N=0.1) if step == "grade" else "word " * 150

    output = await run(wordy, tokens=300)
    assert output["status"] == "budget_exhausted" and output["stop_reason"] == "budget:tokens"
    assert output["usage"]["tokens"] < 300 + 3 * 400  # three branches


async def test_seconds_end_a_slow_run() -> None:
    def slow(step: str, prompt: str) -> Reply:
        return Reply("late", delay=30.0)

    output = await run(slow, seconds=0.3)
    assert output["stop_reason"] == "budget:seconds"
    assert output["usage"]["seconds"] < 5


async def test_searches_are_limited() -> None:
    count = iter(range(100))

    def lost(step: str, prompt: str) -> Reply | str:
        if step == "refine":
            return f"query {next(count)}"
        return model(candidate="NONE", grade=labels(Y=0.1, N=0.9))(step, prompt)

    toolkit = world(lost, limits={"searches": 2}, max_rewrites=5)
    output = await build_graph("self_rag", toolkit).ainvoke({"question": QUESTION})
    assert output["usage"]["searches"] == 2
    assert output["stop_reason"] == "budget:searches"


async def test_identical_calls_are_paid_once() -> None:
    # the same passage twice: the same grading, candidate and critique
    toolkit = world(model(), [FERRY, FERRY, FERRY])
    output = await build_graph("self_rag", toolkit).ainvoke({"question": QUESTION})
    assert output["usage"]["cache_hits"] >= 1
    assert output["usage"]["calls"] + output["usage"]["cache_hits"] >= 9
