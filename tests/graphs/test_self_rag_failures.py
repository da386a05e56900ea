"""What Self-RAG does where something fails, or what it is given is wrong."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from support import ferry
from support.ferry import FERRY, QUESTION, model
from support.scripted import Reply
from support.world import ListStore, world

import churon
from churon.graphs import self_rag
from churon.tools.errors import (
    InputError,
    ModelError,
    ModelMissing,
    ModelUnreachable,
    RerankError,
    SettingsError,
    StoreError,
)
from churon.tools.toolkit import Toolkit

ask = partial(ferry.ask, "self_rag")


async def test_a_failing_grader_degrades_and_says_so() -> None:
    def grade(_: str) -> Reply:
        return Reply(error=ModelError("The model choked."))

    output = await ask(model(grade=grade))
    assert output["answer"] == "The Lumen leaves at 07:30."
    assert "critic:relevance:neutral" in output["degraded"]
    assert output["evidence"]["p1"]["relevance"] is None  # neither a yes nor a no


async def test_one_failing_candidate_does_not_fail_the_run() -> None:
    def candidate(prompt: str) -> Reply | str:
        return "It leaves at 07:30." if FERRY in prompt else Reply(error=ModelError("choked"))

    output = await ask(model(candidate=candidate))
    assert output["answer"] == "It leaves at 07:30."
    assert "candidate:ModelError" in output["degraded"]


async def test_a_dead_model_is_an_error_not_an_abstention() -> None:
    def dead(step: str, prompt: str) -> Reply:
        return Reply(error=ModelUnreachable("No answer from 127.0.0.1:1.", remedy="Start it."))

    with pytest.raises(ModelError, match=r"127\.0\.0\.1:1"):
        await ask(dead)


async def test_a_failed_search_is_an_error_not_an_empty_one() -> None:
    store = ListStore([], error=StoreError("Milvus is away.", remedy="Start it."))
    with pytest.raises(StoreError, match="away"):
        await ask(model(), store=store)


async def test_an_empty_store_is_an_abstention() -> None:
    output = await ask(model(), texts=[])
    assert output["status"] == "abstained" and output["evidence"] == {}


@pytest.mark.parametrize("question", ["", "  \n"])
async def test_an_empty_question_is_refused(question: str) -> None:
    with pytest.raises(InputError, match="empty"):
        await ask(model(), question)


async def test_an_unknown_knob_is_refused_before_any_work() -> None:
    store = ListStore([FERRY])
    toolkit = world(model(), [], store=store)
    with pytest.raises(SettingsError, match="k9"):
        await self_rag.build(toolkit).ainvoke({"question": QUESTION}, context={"k9": 1})
    assert store.asked == []


async def test_knobs_tenant_and_filter_reach_the_store() -> None:
    store = ListStore([FERRY])
    toolkit = world(model(), [], store=store)
    await self_rag.build(toolkit).ainvoke(
        {"question": QUESTION, "filter": {"document": "1.md"}},
        context={"k1": 7, "ef": 150, "tenant": "acme", "collection": "other", "search": "dense"},
    )
    (call,) = store.asked
    assert call == {
        "query": QUESTION,
        "k": 7,
        "ef": 150,
        "mode": "dense",
        "filter": {"document": "1.md"},
        "tenant": "acme",
        "collection": "other",
    }


async def test_a_partial_context_is_laid_over_the_settings_own() -> None:
    # LangGraph makes a whole RagContext of a mapping: its defaults must not hide the settings'
    store = ListStore([FERRY])
    toolkit = world(model(), [], store=store, k1=9, ef=111)
    await self_rag.build(toolkit).ainvoke({"question": QUESTION}, context={"ef": 222})
    assert (store.asked[0]["k"], store.asked[0]["ef"]) == (9, 222)


@pytest.mark.parametrize("fault", [RerankError("The device is gone."), ModelMissing("No weights.")])
@pytest.mark.parametrize("opens", [True, False])
async def test_a_failing_reranker_keeps_the_searchs_order_in_every_form(
    fault: Exception, opens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        async def rerank(self, *_: Any) -> Any:
            raise fault

    async def refused(self: Toolkit) -> Any:
        raise fault

    if not opens:
        monkeypatch.setattr(Toolkit, "reranker", refused)
    for form in ("short", "iterative", "long"):
        toolkit = world(model(), form=form, reranker=Broken())
        output = await self_rag.build(toolkit).ainvoke({"question": QUESTION})
        assert output["answer"] == "The Lumen leaves at 07:30."
        assert f"rerank:{type(fault).__name__}" in output["degraded"]


async def test_what_was_checked_before_the_budget_ended_stays_checked() -> None:
    answer = model(candidate="The Lumen leaves at 07:30. It is a ferry. It is fast.")
    output = await ask(answer, texts=[FERRY], limits={"calls": 6})
    supports = [claim["support"] for claim in output["claims"]]
    assert output["stop_reason"] == "budget:calls"
    assert "full" in supports and "unchecked" in supports


@pytest.mark.parametrize(
    "asked",
    [
        {"history": "x"},
        {"history": [{"role": "user"}]},
        {"history": [{"role": "robot", "content": "x"}]},
        {"history": [3]},
        {"filter": "x"},
        {"language": "fr"},
    ],
)
async def test_input_of_a_wrong_shape_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        await ask(model(), **asked)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"quest": "x"}, "There is no 'question' in the input"),
        ({}, "There is no 'question' in the input"),
        ({"question": 1}, "The question 1 is no text"),
        ({"question": " "}, "The question ' ' is empty"),
        (5, "5 is no question"),
    ],
)
async def test_what_is_no_question_is_refused(given: Any, told: str) -> None:
    toolkit = world(model(), [])
    with pytest.raises(InputError, match=told):
        await churon.ask(given, toolkit=toolkit)
    with pytest.raises(InputError, match=told):
        await anext(churon.stream(given, toolkit=toolkit))


async def test_langchain_messages_are_a_history() -> None:
    store = ListStore([FERRY])
    history = [SystemMessage("x"), HumanMessage("The Lumen?"), AIMessage("A ferry.")]
    await ask(model(condense=QUESTION), "When does it leave?", store=store, history=history)
    assert store.asked[0]["query"] == QUESTION


@pytest.mark.parametrize(
    ("texts", "filter", "told"),
    [
        ([], None, ["store:no_passages"]),
        ([], {"document": "x.md"}, ["store:no_passages"]),
        (["Dogs sail."], {"detected_language": "ko"}, ["filter:no_passages"]),
        (["Dogs sail."], {"detected_language": "en"}, []),
        (["Dogs sail."], None, []),
    ],
)
async def test_nothing_to_search_is_told_from_documents_without_an_answer(
    texts: list[str], filter: Any, told: list[str]
) -> None:
    output = await ask(model(), texts=texts, filter=filter)
    assert output["status"] == "abstained"
    assert [one for one in output["degraded"] if one.endswith("no_passages")] == told
