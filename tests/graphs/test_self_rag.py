"""Self-RAG's three forms with a scripted model: what is asked, decided and answered."""

from __future__ import annotations

from functools import partial

import pytest
from support import ferry
from support.ferry import CAPTAIN, DOGS, FERRY, QUESTION, TEXTS, model
from support.scripted import Reply
from support.world import ListStore, labels, world

from churon.graphs.registry import build_graph

ask = partial(ferry.ask, "self_rag")


@pytest.mark.parametrize("form", ["short", "iterative", "long"])
async def test_every_form_answers_with_a_cited_passage(form: str) -> None:
    output = await ask(model(), form=form)
    assert output["answer"] == "The Lumen leaves at 07:30."
    assert output["status"] == "grounded"
    (claim,) = output["claims"]
    (key,) = claim["evidence_ids"]
    passage = output["evidence"][key]
    assert passage["text"] == FERRY and passage["used_by"] == ["c1"]
    assert output["usage"]["calls"] > 0 and output["usage"]["searches"] == 1
    assert output["stop_reason"] == "answered"


async def test_one_candidate_is_written_from_each_passage() -> None:
    seen: list[str] = []

    def candidate(prompt: str) -> str:
        seen.append(prompt)
        return "The Lumen leaves at 07:30." if FERRY in prompt else "NONE"

    await ask(model(candidate=candidate))
    assert len(seen) == 3
    assert sum(FERRY in prompt for prompt in seen) == 1  # one passage a prompt


@pytest.mark.parametrize("graph", ["self_rag", "two_stage"])
async def test_the_question_said_again_is_no_sentence_of_the_answer(graph: str) -> None:
    again = "When does the Lumen leave, at 07:30?"
    machine = build_graph(graph, world(model(candidate=again, answer=again, read="NONE"), TEXTS))
    assert (await machine.ainvoke({"question": QUESTION}))["status"] == "abstained"
    more = f"{again} The Lumen leaves at 07:30 [1]."
    machine = build_graph(graph, world(model(candidate=more, answer=more), TEXTS))
    assert (await machine.ainvoke({"question": QUESTION}))["answer"] == "The Lumen leaves at 07:30."


@pytest.mark.parametrize(
    ("again", "answer"),
    [
        ('{"statement": "The Lumen takes 90 [1].", "answer": "90"}', "The Lumen takes 90."),
        ("NONE", "The Lumen ferry leaves full."),
    ],
)
async def test_a_candidate_without_the_number_that_is_asked_for_is_read_once_more(
    again: str, answer: str
) -> None:
    def candidate(prompt: str) -> str:
        return "The Lumen ferry leaves full." if FERRY in prompt else "NONE"

    script = model(candidate=candidate, read=again)
    output = await ask(script, "How many people does the Lumen ferry take?")
    assert output["answer"] == answer


async def test_a_relevant_passage_that_was_declined_is_read_once_more() -> None:
    seen: list[str] = []

    def again(prompt: str) -> str:
        seen.append(prompt)
        return '{"statement": "The Lumen leaves at 07:30 [1].", "answer": "07:30"}'

    script = model(candidate="NONE", read=again)
    output = await ask(script)
    assert (output["answer"], output["status"]) == ("The Lumen leaves at 07:30.", "grounded")
    assert len(seen) == 1 and FERRY in seen[0]  # not those that the critic finds beside the point
    assert output["degraded"] == []
    strict = await ask(script, faithful=True)
    assert strict["status"] == "abstained" and len(seen) == 1


async def test_what_a_second_reading_says_needs_support_too() -> None:
    wrong = '{"statement": "The Lumen leaves at noon [1].", "answer": "noon"}'
    script = model(candidate="NONE", read=wrong, support=labels(F=0.02, P=0.03, N=0.95))
    assert (await ask(script))["status"] == "abstained"


async def test_every_passage_reaches_the_choice_not_only_the_last() -> None:
    # in a well-known port only the last passage's candidate entered the beam
    texts = [DOGS, CAPTAIN, FERRY]
    for order in (texts, texts[::-1]):
        assert (await ask(model(), texts=order))["answer"] == "The Lumen leaves at 07:30."


async def test_the_question_is_never_overwritten() -> None:
    asked: list[str] = []

    def grade(prompt: str) -> Reply:
        asked.append(prompt)
        return labels(Y=0.1, N=0.9)

    store = ListStore([CAPTAIN, DOGS])
    await ask(model(grade=grade, candidate="NONE"), store=store, max_rewrites=2)
    assert [call["query"] for call in store.asked] == [QUESTION, "Lumen timetable"]
    assert all(f"Question: {QUESTION}" in prompt for prompt in asked)


async def test_a_repeated_query_ends_the_loop() -> None:
    # the tutorial regenerates the same input at temperature 0 up to the recursion limit
    store = ListStore([CAPTAIN, DOGS])
    output = await ask(model(candidate="NONE", refine=f"  “{QUESTION.upper()}” "), store=store,
                       max_rewrites=5)  # fmt: skip
    assert len(store.asked) == 1
    assert output["status"] == "abstained" and output["missing"] == [QUESTION]


@pytest.mark.parametrize("rewrites", [0, 1, 2])
async def test_rewrites_are_limited(rewrites: int) -> None:
    count = iter(range(100))
    store = ListStore([CAPTAIN, DOGS])
    answer = model(candidate="NONE", refine=lambda _: f"query {next(count)}")
    await ask(answer, store=store, max_rewrites=rewrites)
    assert len(store.asked) == 1 + rewrites


async def test_scores_stay_soft_an_irrelevant_passage_may_still_win() -> None:
    # hard yes/no filtering is the worst retrieving variant in the paper's ablation
    output = await ask(model(grade=labels(Y=0.3, N=0.7)), max_rewrites=0)
    assert output["answer"] == "The Lumen leaves at 07:30."
    assert output["status"] == "partial"


async def test_an_unsupported_answer_is_withheld() -> None:
    output = await ask(model(support=labels(F=0.05, P=0.05, N=0.9)), max_rewrites=0)
    assert output["status"] == "abstained"
    assert output["claims"] == [] and output["stop_reason"] == "nothing_supported"
    assert "do not hold an answer" in output["answer"]


async def test_support_decides_between_two_candidates() -> None:
    texts = [FERRY, "The Lumen ferry leaves at 09:00 on request."]

    def candidate(prompt: str) -> str:
        return "It leaves at 09:00." if texts[1] in prompt else "It leaves at 07:30."

    def support(prompt: str) -> Reply:
        good = "09:00." in prompt.partition("Statement")[2]
        return labels(F=0.9, P=0.05, N=0.05) if good else labels(F=0.2, P=0.2, N=0.6)

    output = await ask(model(candidate=candidate, support=support), texts=texts)
    assert output["answer"] == "It leaves at 09:00."


async def test_several_sentences_are_checked_one_by_one() -> None:
    def support(prompt: str) -> Reply:
        statement = prompt.partition("Statement")[2]
        false = "It sinks" in statement and "07:30" not in statement
        return labels(F=0.02, P=0.03, N=0.95) if false else labels(F=0.9, P=0.05, N=0.05)

    answer = model(candidate="The Lumen leaves at 07:30. It sinks daily.", support=support)
    output = await ask(answer, texts=[FERRY])
    assert [claim["support"] for claim in output["claims"]] == ["full", "none"]
    assert output["status"] == "partial"


async def test_no_search_when_none_is_needed() -> None:
    store = ListStore([FERRY])
    answer = model(retrieve=labels(Y=0.05, N=0.9, C=0.05), direct="Four.")
    output = await ask(answer, "What is two plus two?", store=store, always_retrieve=False)
    assert output["answer"] == "Four." and output["status"] == "ungrounded"
    assert store.asked == [] and output["evidence"] == {}


async def test_citations_required_means_always_searching() -> None:
    store = ListStore([FERRY])
    await ask(model(retrieve=labels(Y=0.01, N=0.98, C=0.01)), store=store)
    assert len(store.asked) == 1


async def test_a_follow_up_question_is_understood() -> None:
    store = ListStore([FERRY])
    history = [
        {"role": "user", "content": "Tell me about the Lumen ferry."},
        {"role": "assistant", "content": "It is a ferry."},
    ]
    output = await ask(
        model(condense=QUESTION), "When does it leave?", store=store, history=history
    )
    assert store.asked[0]["query"] == QUESTION
    assert output["answer"] == "The Lumen leaves at 07:30."


async def test_a_restated_refusal_is_no_answer() -> None:
    def answer(step: str, prompt: str) -> Reply | str:
        korean = "루멘호는 07:30에 항구를 떠난다고 합니다."
        return model(candidate=korean, restate="NONE")(step, prompt)

    output = await ask(answer)
    assert output["answer"] != "NONE" and "language:not_kept" in output["degraded"]


async def test_a_question_the_model_cannot_answer_alone_is_searched_after_all() -> None:
    answer = model(retrieve=labels(Y=0.05, N=0.9, C=0.05), direct="NONE")
    output = await ask(answer, always_retrieve=False)
    assert output["answer"] == "The Lumen leaves at 07:30." and output["usage"]["searches"] == 1
