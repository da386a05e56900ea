"""Self-RAG's three forms with a scripted model: what is asked, decided and answered."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from support.ferry import CAPTAIN, DOGS, FERRY, QUESTION, TEXTS, model
from support.scripted import Reply
from support.world import ListStore, labels, world

from churon.graphs import self_rag
from churon.graphs.contract import RagOutput
from churon.graphs.registry import build_graph
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

KOREAN = "루멘호는 언제 떠납니까?"


async def ask(answer: Any, question: str = QUESTION, **options: Any) -> RagOutput:
    store = options.pop("store", None)
    given = {key: options.pop(key) for key in ("history", "language", "filter") if key in options}
    toolkit = world(answer, options.pop("texts", TEXTS), store=store, **options)
    output: RagOutput = await self_rag.build(toolkit).ainvoke({"question": question, **given})
    return output


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


async def test_hard_mode_drops_continuations_without_support() -> None:
    answer = model(support=labels(F=0.05, P=0.05, N=0.9))
    output = await ask(answer, form="long", hard=True)
    assert output["status"] == "abstained"


async def test_a_korean_question_gets_a_korean_answer_from_english_sources() -> None:
    def korean(step: str, prompt: str) -> Reply | str:
        if "한두 개로 옮겨" in prompt:
            return "루멘호는 07:30에 떠납니다."
        if "완전한 한국어 문장 하나로" in prompt:
            return (
                "The Lumen leaves the harbour at 07:30 on weekdays." if FERRY in prompt else "NONE"
            )
        if "도움이 되는 정보" in prompt:
            return labels(Y=0.9, N=0.1)
        return (
            labels(F=0.9, P=0.05, N=0.05)
            if "Is the statement supported" in prompt
            else labels(d1=0.1, d5=0.9)
        )

    output = await ask(korean, KOREAN)
    assert output["answer"] == "루멘호는 07:30에 떠납니다."
    assert output["language"] == "ko" and output["status"] == "grounded"
    assert "language:restated" in output["degraded"]
    assert output["claims"][0]["text"] == output["answer"]


async def test_the_language_can_be_fixed() -> None:
    output = await ask(model(), KOREAN, language="en")
    assert output["language"] == "en" and output["answer"] == "The Lumen leaves at 07:30."


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


async def test_a_restated_refusal_is_no_answer() -> None:
    def answer(step: str, prompt: str) -> Reply | str:
        korean = "루멘호는 07:30에 항구를 떠난다고 합니다."
        return model(candidate=korean, restate="NONE")(step, prompt)

    output = await ask(answer)
    assert output["answer"] != "NONE" and "language:not_kept" in output["degraded"]


async def test_a_name_in_the_other_language_is_left_alone() -> None:
    output = await ask(model(candidate="한소라", restate="wrong"), "Who leads the Lumen ferry?")
    assert output["answer"] == "한소라"


async def test_a_question_the_model_cannot_answer_alone_is_searched_after_all() -> None:
    answer = model(retrieve=labels(Y=0.05, N=0.9, C=0.05), direct="NONE")
    output = await ask(answer, always_retrieve=False)
    assert output["answer"] == "The Lumen leaves at 07:30." and output["usage"]["searches"] == 1


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


async def test_sentences_of_the_long_form_need_a_passage_where_citations_are_required() -> None:
    answer = model(decide=labels(Y=0.15, N=0.85, C=0.0))
    output = await ask(answer, form="long", depth=3)
    assert all(claim["evidence_ids"] for claim in output["claims"])


@pytest.mark.parametrize("hard", [True, False])
async def test_soft_long_form_lets_an_unsupported_sentence_compete(hard: bool) -> None:
    def support(prompt: str) -> Reply:
        return labels(F=0.05, P=0.05, N=0.9)

    output = await ask(model(support=support), form="long", hard=hard, depth=1)
    sentences = [step["sentences"] for step in output["steps"] if step["step"] == "beam"]
    assert any(sentences[0]) is not hard


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


async def test_langchain_messages_are_a_history() -> None:
    store = ListStore([FERRY])
    history = [SystemMessage("x"), HumanMessage("The Lumen?"), AIMessage("A ferry.")]
    await ask(model(condense=QUESTION), "When does it leave?", store=store, history=history)
    assert store.asked[0]["query"] == QUESTION


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


@pytest.mark.parametrize(
    ("texts", "filter", "told"),
    [([], None, True), ([], {"document": "x.md"}, False), (["Dogs sail."], None, False)],
)
async def test_a_store_without_passages_is_told_from_one_without_an_answer(
    texts: list[str], filter: Any, told: bool
) -> None:
    output = await ask(model(), texts=texts, filter=filter)
    assert output["status"] == "abstained"
    assert ("store:no_passages" in output["degraded"]) is told
