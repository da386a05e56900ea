"""Failures of models, stores and budgets in reasoning graphs: said, never taken for emptiness."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from support import bridge
from support.bridge import BRIDGE, FIRST, MAYOR, QUESTION, SECOND, TEXTS, model, said, steps
from support.scripted import Reply
from support.world import ListStore, labels, world

from churon.graphs.registry import build_graph
from churon.tools.errors import ContextTruncated, ModelError, ModelUnreachable, StoreError
from churon.tools.flight import SingleFlight

ask = partial(bridge.ask, max_replans=2, max_hops=1)


def failing(error: Exception, *names: str) -> Any:
    def answer(step: str, prompt: str) -> Any:
        return Reply(error=error) if not names or step in names else model()(step, prompt)

    return answer


@pytest.mark.parametrize("graph", ["cot_rag", "mcts_rag", "auto"])
@pytest.mark.parametrize(
    "error", [ModelError("The model choked."), ModelUnreachable("The model choked.")]
)
async def test_a_dead_model_is_no_empty_document(graph: str, error: Exception) -> None:
    with pytest.raises(ModelError, match="choked"):
        await ask(graph, failing(error))


@pytest.mark.parametrize("graph", ["two_stage", "self_rag", "cot_rag", "mcts_rag", "auto"])
async def test_a_model_that_answers_nothing_is_no_empty_document(graph: str) -> None:
    with pytest.raises(ModelError, match="answered nothing"):
        await ask(graph, lambda step, prompt: "")


@pytest.mark.parametrize("graph", ["cot_rag", "mcts_rag"])
async def test_readings_that_all_failed_are_no_empty_document(graph: str) -> None:
    error = ModelError("The model choked.")
    with pytest.raises(ModelError, match="choked"):
        await ask(graph, failing(error, "read", "conclude"), profile="lite")


async def test_auto_goes_on_when_no_plan_can_be_made() -> None:
    def answer(step: str, prompt: str) -> Any:
        if step == "plan":
            return Reply(error=ContextTruncated("Too long."))
        if step == "candidate":
            return "The mayor of Aren is Sora Han." if MAYOR in prompt else "NONE"
        return model()(step, prompt)

    output = await ask("auto", answer)
    assert output["answer"] == "The mayor of Aren is Sora Han."
    assert "route:ContextTruncated" in output["degraded"]


async def test_a_failing_replan_ends_instead_of_going_round() -> None:
    contradicted = labels(F=0.01, P=0.01, N=0.98)

    def answer(step: str, prompt: str) -> Any:
        if step == "replan":
            return Reply(error=ContextTruncated("Too long."))
        refuted = "The moon" in prompt and step == "support"
        moon = said("The moon is the mayor [1].", "the moon")
        return contradicted if refuted else model(conclude=moon)(step, prompt)

    output = await ask("cot_rag", answer, limits={"calls": 1000}, max_replans=5)
    assert output["status"] == "abstained" and output["usage"]["calls"] < 40


async def test_a_survey_that_fails_costs_only_itself() -> None:
    class Picky(ListStore):
        async def search(self, query: str, *, k: int, **rest: Any) -> Any:
            if query == QUESTION:
                raise StoreError("Milvus is away.")
            return await super().search(query, k=k, **rest)

    output = await ask("cot_rag", model(), store=Picky(TEXTS))
    assert output["answer"] == "Sora Han is the mayor."
    assert "survey:StoreError" in output["degraded"]


@pytest.mark.parametrize("graph", ["cot_rag", "mcts_rag", "auto"])
async def test_a_failed_search_is_raised(graph: str) -> None:
    store = ListStore(TEXTS, error=StoreError("Milvus is away."))
    with pytest.raises(StoreError, match="away"):
        await ask(graph, model(), store=store)


async def test_the_survey_leaves_the_steps_their_searches() -> None:
    output = await ask("cot_rag", model(), limits={"searches": 2})
    assert output["answer"] == "Sora Han is the mayor." and output["stop_reason"] == "answered"


class Memory:
    """A case memory that is away."""

    async def similar(self, *_: Any, **__: Any) -> Any:
        raise StoreError("Milvus is away.")

    remember = similar


async def test_a_case_memory_that_is_away_does_not_take_the_answer_along() -> None:
    toolkit = world(model(), TEXTS, cases=True, memory=Memory())
    output = await build_graph("cot_rag", toolkit).ainvoke({"question": QUESTION})
    assert output["status"] == "grounded"
    assert {"cases:StoreError", "remember:StoreError"} <= set(output["degraded"])


async def test_a_conclusion_that_was_refused_is_not_replaced_by_a_gathered_fact() -> None:
    plan = steps(
        "When was the Vesk mill built?",
        "When was the Orrin lighthouse built?",
        ("synthesise", "All?"),
    )
    output = await ask("cot_rag", model(plan=plan, conclude=said("", None)), "Who built them both?")
    assert output["status"] == "abstained" and output["claims"] == []


async def test_gathered_facts_that_are_all_lost_are_planned_anew_and_named() -> None:
    plan = steps("Who painted it?", "Who sold it?", ("synthesise", "All?"))
    answer = model(plan=plan, read=said("", None), hop="NONE", replan="x", refine="NONE")
    output = await ask("cot_rag", answer, max_replans=1)
    assert len([s for s in output["steps"] if s["step"] == "plan"]) == 2
    assert output["missing"] == ["Who painted it?", "Who sold it?"]


@pytest.mark.parametrize("calls", range(6, 12))
async def test_an_answer_to_another_question_is_not_handed_out_when_the_budget_ends(
    calls: int,
) -> None:
    output = await ask("cot_rag", model(), limits={"calls": calls})
    assert output["status"] == "budget_exhausted"
    assert "Halden" not in output["answer"]
    if not output["claims"]:
        assert output["missing"]


async def test_a_reading_outlives_a_support_check_that_could_not_be_made() -> None:
    full = await ask(
        "cot_rag", model(plan=steps(QUESTION), read=said("It is Sora Han [1].", "Sora Han"))
    )
    assert full["usage"]["calls"] == 6  # plan, three grades, reading, support
    cut = await ask(
        "cot_rag",
        model(plan=steps(QUESTION), read=said("It is Sora Han [1].", "Sora Han")),
        limits={"calls": 5},
    )
    assert cut["answer"] == "It is Sora Han." and cut["claims"][0]["support"] == "unchecked"
    assert cut["status"] == "budget_exhausted"


async def test_a_replan_may_begin_with_what_was_found_already() -> None:
    answer = model(plan=steps(FIRST, "Who governs #1?"), replan=steps(FIRST, SECOND), hop="NONE")
    output = await ask("cot_rag", answer)
    assert output["answer"] == "Sora Han is the mayor." and output["status"] == "grounded"


async def test_a_korean_answer_from_an_english_passage_is_checked_by_it() -> None:
    answers = iter([said("할덴 다리는 아렌에 있다.", "아렌")])

    def answer(step: str, prompt: str) -> Any:
        if "할덴" in prompt and '"statement"' in prompt:
            return next(answers, said("할덴 다리는 아렌에 있다.", "아렌"))
        if '{"steps"' in prompt:
            return "x"
        if "F = " in prompt:
            return labels(F=0.9, P=0.05, N=0.05)
        return labels(Y=0.9, N=0.1) if "Y = " in prompt else "NONE"

    output = await ask(
        "cot_rag", answer, "할덴 다리(Halden bridge)는 어느 도시에 있습니까?", k1=1, k2=1
    )
    assert output["status"] == "grounded" and output["language"] == "ko"
    [claim] = output["claims"]
    assert output["evidence"][claim["evidence_ids"][0]]["text"] == BRIDGE


async def test_a_gathered_fact_that_is_missing_is_no_reason_to_search_anew() -> None:
    plan = steps("When was the Vesk mill built?", "Who painted the tower?", ("synthesise", "All?"))
    answer = model(
        plan=plan, hop="NONE", conclude=said("The Vesk mill was built in 1898 [1].", "1898")
    )
    output = await ask("auto", answer, "Tell of the mill and the tower.")
    assert [s["graph"] for s in output["steps"] if s["step"] == "route"] == ["cot_rag"]
    assert output["status"] == "partial" and output["missing"] == ["Who painted the tower?"]
    used = {key for key, passage in output["evidence"].items() if passage["used_by"]}
    assert used == {key for claim in output["claims"] for key in claim["evidence_ids"]}


async def test_auto_says_when_the_budget_ended_its_second_graph() -> None:
    partly = labels(F=0.3, P=0.6, N=0.1)
    guesses = {BRIDGE: "Nobody knows.", MAYOR: "A captain once did.", "mill": "Ships, by night."}

    def candidate(prompt: str) -> str:
        return next(text for words, text in guesses.items() if words in prompt)

    answer = model(plan=steps("Who?"), candidate=candidate, support=partly, conclude=said("", None))
    output = await ask("auto", answer, limits={"calls": 18})
    assert output["status"] == "budget_exhausted" and output["stop_reason"] == "budget:calls"
    assert output["claims"]  # what was there before the search


async def test_auto_uses_the_short_form_whatever_the_settings_say() -> None:
    called: list[str] = []

    def answer(step: str, prompt: str) -> Any:
        called.append(step)
        return model(plan=steps("Who?"))(step, prompt)

    await ask("auto", answer, form="long", route="self_rag")
    assert "candidate" in called and "continue" not in called


async def test_a_cancelled_waiter_does_not_begin_the_work_anew() -> None:
    flight, begun = SingleFlight(), []

    async def work() -> int:
        begun.append(1)
        await asyncio.sleep(30)
        return 1

    tasks = [asyncio.create_task(flight.get("k", work, lambda: None)) for _ in range(3)]
    await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in results) and len(begun) == 1


async def test_a_reading_without_schemas_that_fails_is_an_error_of_the_step() -> None:
    def answer(step: str, prompt: str) -> Any:
        failing_read = step == "read" and "mayor of Aren" in prompt.rpartition("Question:")[2]
        return Reply(error=ModelError("500")) if failing_read else model(hop="NONE")(step, prompt)

    output = await ask("cot_rag", answer, max_replans=0)
    assert "read:ModelError" in output["degraded"] and output["status"] == "abstained"
