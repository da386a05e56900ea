"""Self-RAG's iterative and long forms with a scripted model: rounds, beams, and where they end."""

from __future__ import annotations

from functools import partial

import pytest
from support import ferry
from support.ferry import CAPTAIN, FERRY, QUESTION, model
from support.scripted import Reply
from support.world import ListStore, labels

ask = partial(ferry.ask, "self_rag")


async def test_iterative_rounds_stop_when_the_evidence_is_enough() -> None:
    store = ListStore([FERRY, CAPTAIN])
    rounds = iter([labels(Y=0.1, N=0.9), labels(Y=0.9, N=0.1)])
    answer = model(
        sufficient=lambda _: next(rounds),
        refine="Lumen captain",
        answer=lambda p: "Led by Sora Han [2]." if CAPTAIN in p else "It leaves at 07:30 [1].",
        grade=labels(Y=0.9, N=0.1),
        synthesise="The Lumen leaves at 07:30 [1]. Sora Han leads it [2].",
    )
    output = await ask(answer, store=store, form="iterative", max_iter=3, k2=1)
    assert [call["query"] for call in store.asked] == [QUESTION, "Lumen captain"]
    assert [claim["evidence_ids"] for claim in output["claims"]] == [["p1"], ["p2"]]
    assert output["status"] == "grounded"


@pytest.mark.parametrize("most", [1, 2, 3])
async def test_iterative_rounds_are_limited(most: int) -> None:
    count = iter(range(100))
    store = ListStore([FERRY, CAPTAIN])
    answer = model(
        sufficient=labels(Y=0.1, N=0.9),
        refine=lambda _: f"query {next(count)}",
        synthesise="The Lumen leaves at 07:30 [1].",
    )
    await ask(answer, store=store, form="iterative", max_iter=most)
    assert len(store.asked) == most


async def test_long_form_searches_again_with_the_last_sentence() -> None:
    # the reference's long form retrieves once only
    store = ListStore([FERRY, CAPTAIN])

    def write(prompt: str) -> str:
        said = prompt.partition("Answer so far:")[2]
        if "07:30" not in said and FERRY in prompt:
            return "The Lumen leaves at 07:30."
        return "Sora Han leads it." if CAPTAIN in prompt and "07:30" in said else "NONE"

    answer = model(
        **{"continue": write}, decide=labels(Y=0.9, N=0.05, C=0.05), grade=labels(Y=0.9, N=0.1)
    )
    output = await ask(answer, store=store, form="long", beam=1)
    assert "07:30" in store.asked[1]["query"] and QUESTION in store.asked[1]["query"]
    assert output["answer"] == "The Lumen leaves at 07:30. Sora Han leads it."
    assert output["status"] == "grounded"


async def test_long_form_keeps_finished_beams_in_the_race() -> None:
    # the reference drops a beam when it is finished
    def write(prompt: str) -> str:
        said = prompt.partition("Answer so far:")[2].partition("\n")[0]
        if "-" in said and FERRY in prompt:
            return "The Lumen leaves at 07:30."
        return "NONE" if "07:30" in said else "Dogs may sing."

    def support(prompt: str) -> Reply:
        good = "07:30" in prompt.partition("Statement")[2]
        return labels(F=0.95, P=0.03, N=0.02) if good else labels(F=0.3, P=0.3, N=0.4)

    output = await ask(model(**{"continue": write}, support=support), form="long", beam=2)
    assert output["answer"] == "The Lumen leaves at 07:30."


async def test_long_form_is_bounded_and_says_so_first() -> None:
    count = iter(range(1000))
    answer = model(**{"continue": lambda _: f"Sentence number {next(count)}."})
    output = await ask(answer, form="long", depth=3, beam=2, k2=2)
    assert output["steps"][0] == {"step": "long_form", "most_generations": 12}
    assert len(output["claims"]) == 3


async def test_relevant_passages_without_an_answer_lead_to_a_new_search() -> None:
    # asked whether the evidence is enough, a small model says yes to what just bore no answer
    store = ListStore([CAPTAIN, FERRY])
    answer = model(
        grade=labels(Y=0.9, N=0.1),
        refine="Lumen ferry leaves",
        candidate=lambda p: "The Lumen leaves at 07:30." if FERRY in p else "NONE",
    )
    question = "Captain Sora Han has which departure?"
    output = await ask(answer, question, store=store, k2=1, k1=1, max_rewrites=1)
    assert [call["query"] for call in store.asked] == [question, "Lumen ferry leaves"]
    assert output["answer"] == "The Lumen leaves at 07:30."


async def test_a_round_without_an_answer_keeps_the_earlier_one() -> None:
    rounds = iter(["The Lumen leaves at 07:30 [1].", "NONE", "NONE"])
    count = iter(range(9))
    answer = model(
        sufficient=labels(Y=0.1, N=0.9),
        refine=lambda _: f"captain {next(count)}",
        answer=lambda _: next(rounds),
        synthesise="NONE",
        grade=labels(Y=0.9, N=0.1),
    )
    output = await ask(answer, form="iterative", max_iter=3, k1=1, k2=1)
    assert output["answer"] == "The Lumen leaves at 07:30." and output["status"] == "grounded"


async def test_sentences_of_the_long_form_need_a_passage_where_citations_are_required() -> None:
    def write(prompt: str) -> str:
        said = prompt.partition("Answer so far:")[2].partition("\n")[0]
        return "Dogs ride free." if "07:30" in said else "The Lumen leaves at 07:30."

    answer = model(**{"continue": write}, decide=labels(Y=0.15, N=0.85, C=0.0))
    output = await ask(answer, form="long", depth=2, beam=1, always_retrieve=True)
    assert len(output["claims"]) == 2
    assert all(claim["evidence_ids"] for claim in output["claims"])


@pytest.mark.parametrize("hard", [True, False])
async def test_soft_long_form_lets_an_unsupported_sentence_compete(hard: bool) -> None:
    def support(prompt: str) -> Reply:
        return labels(F=0.05, P=0.05, N=0.9)

    output = await ask(model(support=support), form="long", hard=hard, depth=1)
    sentences = [step["sentences"] for step in output["steps"] if step["step"] == "beam"]
    assert any(sentences[0]) is not hard


async def test_evidence_that_bore_no_answer_is_not_asked_whether_it_is_enough() -> None:
    store = ListStore([CAPTAIN, FERRY])
    answer = model(
        grade=labels(Y=0.9, N=0.1),
        sufficient=labels(Y=0.9, N=0.1),
        refine="Lumen ferry leaves",
        answer=lambda p: "The Lumen leaves at 07:30 [2]." if FERRY in p else "NONE",
    )
    question = "Captain Sora Han has which departure?"
    output = await ask(answer, question, store=store, k1=1, k2=1, form="iterative")
    assert len(store.asked) == 2 and output["answer"] == "The Lumen leaves at 07:30."
