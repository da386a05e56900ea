"""CoT-RAG's second plans: when one is made, what of the first stays, and where it ends."""

from __future__ import annotations

from functools import partial
from typing import Any

from support import bridge
from support.bridge import (
    FIRST,
    QUESTION,
    TEXTS,
    asked,
    model,
    plans,
    read,
    results,
    said,
    steps,
)
from support.scripted import Reply
from support.world import ListStore, labels

ask = partial(bridge.ask, "cot_rag", max_replans=2, max_hops=3)


async def test_a_failed_step_is_found_hop_by_hop() -> None:
    thought = "The Halden bridge stands in the town of Aren, whose mayor is wanted."

    def conclude(prompt: str) -> str:
        knows = thought in prompt
        return said("Sora Han is the mayor of Aren.", "Sora Han") if knows else said("", None)

    answer = model(plan=steps(QUESTION), read=said("", None), hop=thought, conclude=conclude)
    store = ListStore(TEXTS)
    output = await ask(answer, store=store)
    assert results(output)["1"]["method"] == "hops"
    assert thought in [call["query"] for call in store.asked]
    assert output["answer"] == "Sora Han is the mayor of Aren."


async def test_a_hops_passage_is_read_though_it_says_nothing_of_the_question() -> None:
    film = "Grey Harbour is a film that was directed by Ivo Brand."
    mother = "Ivo Brand was born in Vesk; his mother, Mara Lind, was a weaver."
    question, thought = "Who is the mother of Grey Harbour's director?", film

    def conclude(prompt: str) -> str:
        known = mother in prompt
        return said("Her name is Mara Lind [1].", "Mara Lind") if known else said("", None)

    def grade(prompt: str) -> Reply:
        return labels(Y=0.9, N=0.1) if film in prompt else labels(Y=0.1, N=0.9)

    answer = model(
        plan=steps(question), read=said("", None), hop=thought, refine="Grey Harbour's director",
        conclude=conclude, grade=grade,
    )  # fmt: skip
    texts = (film, mother, "Vesk has a market.", "The harbour of Aren is grey.")
    output = await ask(answer, question, texts=texts, k2=2)
    assert output["status"] == "grounded" and "Mara Lind" in output["answer"]
    [graded] = [one["relevance"] for one in output["evidence"].values() if one["text"] == mother]
    assert graded is None


async def test_an_unresolved_critical_step_is_replanned_and_finished_steps_stay() -> None:
    lost = "Who governs #1?"
    called: list[str] = []

    def answer(step: str, prompt: str) -> Any:
        called.append(f"{step}:{asked(prompt)}")
        return model(
            plan=steps(FIRST, lost), replan=steps("Who is the mayor of Aren?"), hop="NONE"
        )(step, prompt)

    output = await ask(answer)
    assert output["answer"] == "Sora Han is the mayor."
    assert plans(output) == [[FIRST, lost], [FIRST, "Who is the mayor of Aren?"]]
    assert called.count(f"read:{FIRST}") == 1


async def test_what_is_missing_is_listed_when_every_way_was_tried() -> None:
    answer = model(read=said("", None), hop="NONE", replan="nonsense", refine="NONE")
    output = await ask(answer, max_replans=1)
    assert output["status"] == "abstained" and output["claims"] == []
    assert output["missing"] == [FIRST]
    assert output["stop_reason"] == "nothing_supported"


async def test_replans_are_bounded() -> None:
    count = iter(range(100))

    def replan(prompt: str) -> str:
        return steps(f"Where is fact {next(count)}?")

    output = await ask(model(read=said("", None), hop="NONE", replan=replan), max_replans=2)
    assert len(plans(output)) == 3
    assert plans(output)[-1][-1] == QUESTION  # the last way is the question as it is


async def test_an_answer_to_the_whole_question_outlives_contradicted_conclusions() -> None:
    def whole(prompt: str) -> str:
        own = said("Sora Han is the mayor [1].", "Sora Han")
        return own if asked(prompt) == QUESTION else read(prompt)

    def support(prompt: str) -> Any:
        moon = "moon" in prompt
        return labels(F=0.02 if moon else 0.9, P=0.03, N=0.95 if moon else 0.07)

    answer = model(
        plan=steps(FIRST, "Who governs #1?"),
        conclude=said("The moon rules [1].", "the moon"),
        read=whole,
        replan=steps(QUESTION),
        support=support,
    )
    output = await ask(answer, max_replans=1)
    assert plans(output)[-1][-1] == QUESTION
    assert output["answer"] == "Sora Han is the mayor." and output["status"] != "abstained"
    assert output["claims"][0]["evidence_ids"]


async def test_a_conclusion_that_its_passages_contradict_is_planned_anew() -> None:
    concluded: list[str] = []

    def conclude(prompt: str) -> str:
        concluded.append(prompt)
        return said(f"The moon rules number {len(concluded)} [1].", "the moon")

    def support(prompt: str) -> Any:
        return labels(F=0.02, P=0.03, N=0.95) if "moon" in prompt else labels(F=0.9, P=0.05, N=0.05)

    output = await ask(model(conclude=conclude, support=support), max_replans=1)
    assert len(plans(output)) == 2
    assert output["status"] == "abstained"


async def test_a_fact_that_is_only_gathered_may_be_missing() -> None:
    plan = steps(
        "When was the Vesk mill built?",
        "Who painted the tower?",
        ("synthesise", "What of the mill?"),
    )
    answer = model(
        plan=plan,
        hop="NONE",
        combine=said("It was built in 1898.", "built in 1898"),
        conclude=said("The Vesk mill was built in 1898 [1].", "1898"),
    )
    output = await ask(answer, "Tell me about the Vesk mill: built when, painted by whom?")
    assert output["answer"] == "The Vesk mill was built in 1898."
    assert output["missing"] == ["Who painted the tower?"] and output["status"] == "partial"
