"""CoT-RAG: plans, steps in parallel, code for operations, hops, replans, abstention, approval."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from support.bridge import FIRST, QUESTION, SECOND, TEXTS, asked, model, read, said, steps
from support.scripted import scripted_port
from support.world import ListStore, labels, step_of, world

from churon.graphs.contract import RagOutput
from churon.graphs.registry import build_graph

MILL_OR_LIGHTHOUSE = "Which is older, the Vesk mill or the Orrin lighthouse?"
COMPARE = steps(
    "When was the Vesk mill built?",
    "When was the Orrin lighthouse built?",
    ("compare", "Which is older, the Vesk mill (#1) or the Orrin lighthouse (#2)?"),
)


async def ask(
    answer: Any = None,
    question: str = QUESTION,
    *,
    texts: Any = TEXTS,
    store: Any = None,
    **context: Any,
) -> RagOutput:
    knobs = {"max_replans": 2, "max_hops": 3, **context}
    toolkit = world(answer or model(), texts, store=store, **knobs)
    output: RagOutput = await build_graph("cot_rag", toolkit).ainvoke({"question": question})
    return output


def results(output: RagOutput) -> dict[str, Any]:
    return {s["result"]["id"]: s["result"] for s in output["steps"] if s["step"] == "result"}


def plans(output: RagOutput) -> list[list[str]]:
    return [[p["question"] for p in s["plan"]] for s in output["steps"] if s["step"] == "plan"]


async def test_two_hops_lead_to_a_cited_answer() -> None:
    output = await ask()
    assert output["answer"] == "Sora Han is the mayor." and output["status"] == "grounded"
    found = results(output)
    assert found["2"]["question"] == "Who is the mayor of Aren?"
    assert [found[key]["answer"] for key in ("1", "2")] == ["Aren", "Sora Han"]
    [claim] = output["claims"]
    assert [output["evidence"][key]["text"] for key in claim["evidence_ids"]] == [TEXTS[1]]


async def test_a_single_hop_question_is_one_step_without_a_conclusion() -> None:
    called: list[str] = []

    def answer(step: str, prompt: str) -> Any:
        called.append(step)
        return model(plan=steps("When was the mill built?"))(step, prompt)

    output = await ask(answer, "When was the Vesk mill built?")
    assert output["answer"] == "The Vesk mill was built in 1898."
    assert called.count("plan") == 1 and called.count("read") == 1 and "conclude" not in called


async def test_ready_steps_run_in_one_round_and_are_compared_in_code() -> None:
    called: list[str] = []

    def answer(step: str, prompt: str) -> Any:
        called.append(step)
        return model(plan=COMPARE, conclude=said("The Vesk mill is older [1].", "the Vesk mill"))(
            step, prompt
        )

    output = await ask(answer, MILL_OR_LIGHTHOUSE)
    found = results(output)["3"]
    assert found["method"] == "computed" and found["answer"] == "the Vesk mill"
    assert "combine" not in called and "conclude" not in called  # nor by a model afterwards
    assert output["answer"] == "The Vesk mill (1898) is earlier than the Orrin lighthouse (1912)."
    assert output["status"] == "grounded" and len(output["claims"][0]["evidence_ids"]) == 2


async def test_a_conclusion_that_is_the_short_answer_gives_way_to_the_last_steps_words() -> None:
    plan = steps("When was the Vesk mill built?", ("boolean", "Is #1 in the nineteenth century?"))
    answer = model(
        plan=plan,
        combine=said("1898 lies in the nineteenth century.", "yes"),
        conclude=said("yes, 1, 2 [1].", "yes"),
    )
    output = await ask(answer, "Is the Vesk mill from the nineteenth century?")
    assert output["answer"] == "1898 lies in the nineteenth century."


async def test_a_comparison_on_the_way_to_the_question_is_no_answer_to_it() -> None:
    question = "Who built the older one, the Vesk mill or the Orrin lighthouse?"
    told = said("Aren Holt built the Vesk mill, the older one [1].", "Aren Holt")
    output = await ask(model(plan=COMPARE, conclude=told), question)
    assert results(output)["3"]["method"] == "computed"
    assert output["answer"] == "Aren Holt built the Vesk mill, the older one."


@pytest.mark.parametrize("told", ["Sora Han", "Sora Han is the mayor of Aren"])
async def test_a_conclusion_of_its_own_stands(told: str) -> None:
    plan = steps("Who was the mayor of Vesk?", ("boolean", "Was #1 the mayor of Aren?"))
    answer = model(
        plan=plan,
        combine=said("The mayor of Aren is Bo Lim.", "Bo Lim"),
        conclude=said(f"{told} [1].", told),
    )
    output = await ask(answer, "Who is the mayor of Aren?")
    assert output["answer"].startswith("Sora Han")


async def test_an_operation_that_code_cannot_do_is_the_models() -> None:
    plan = steps(
        "When was the Vesk mill built?",
        ("boolean", "Does #1 lie in the nineteenth century?"),
    )
    answer = model(
        plan=plan,
        combine=said("1898 lies in the nineteenth century.", "yes"),
        conclude=said("The mill is from the nineteenth century [1].", "nineteenth century"),
    )
    output = await ask(answer, "From which century is the Vesk mill?")
    found = results(output)["2"]
    assert (
        found["method"] == "reasoned"
        and found["evidence_ids"] == results(output)["1"]["evidence_ids"]
    )


@pytest.mark.parametrize(
    ("written", "degraded"),
    [
        ("nonsense", "plan:one_step"),
        (steps(), "plan:one_step"),
        (steps("Who is #2?", "Who is #1?"), "plan:one_step"),
        (steps(*["What is it?"] * 20), "plan:one_step"),
        (steps(QUESTION, "Who is the mayor of #1?"), "plan:repeats_question"),
    ],
)
async def test_a_useless_plan_becomes_one_step(written: str, degraded: str) -> None:
    output = await ask(model(plan=written, repair=written))
    assert plans(output)[0] == [QUESTION]
    assert degraded in output["degraded"]


async def test_a_broken_plan_is_repaired_once() -> None:
    problems: list[str] = []

    def repair(prompt: str) -> str:
        problems.append(prompt)
        return steps(FIRST, SECOND)

    output = await ask(model(plan=steps("Who is #9?"), repair=repair))
    assert output["answer"] == "Sora Han is the mayor."
    assert len(problems) == 1 and "#9" in problems[0]


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


async def test_a_question_answered_twice_is_looked_up_once() -> None:
    plan = steps(
        "When was the Vesk mill built?",
        "In which year was #1 the year?",
        "When was the Vesk mill built?",
    )
    reads: list[str] = []

    def counted(prompt: str) -> str:
        reads.append(asked(prompt))
        return read(prompt)

    await ask(
        model(plan=plan, read=counted, conclude=said("1898 [1].", "1898")), "When, twice over?"
    )
    assert reads.count("When was the Vesk mill built?") == 1


async def test_faithful_runs_step_by_step_without_code_or_replans() -> None:
    answer = model(
        plan=COMPARE,
        combine=said("1898 comes before 1912.", "the Vesk mill"),
        conclude=said("The Vesk mill is older [1].", "the Vesk mill"),
    )
    output = await ask(answer, MILL_OR_LIGHTHOUSE, faithful=True)
    assert results(output)["3"]["method"] == "reasoned"
    failed = await ask(model(read=said("", None)), faithful=True)
    assert len(plans(failed)) == 1 and failed["status"] == "abstained"


def config() -> Any:
    return {"configurable": {"thread_id": "t"}}


async def test_a_plan_waits_for_approval_and_can_be_changed() -> None:
    toolkit = world(model(plan=steps("Nonsense about #1?")), TEXTS, approve_plan=True)
    graph = build_graph("cot_rag", toolkit, checkpointer=InMemorySaver())
    paused = await graph.ainvoke({"question": QUESTION}, config())
    [waiting] = paused["__interrupt__"]
    assert waiting.value["question"] == QUESTION and len(waiting.value["plan"]) == 1
    wrong = await graph.ainvoke(Command(resume=[{"question": "Who is #7?"}]), config())
    assert "#7" in wrong["__interrupt__"][0].value["problem"]
    better = [{"question": FIRST}, {"question": SECOND}]
    output = await graph.ainvoke(Command(resume={"plan": better}), config())
    assert output["answer"] == "Sora Han is the mayor."
    assert plans(output)[-1] == [FIRST, SECOND]


async def test_an_approved_plan_runs_as_it_is() -> None:
    toolkit = world(model(), TEXTS, approve_plan=True)
    graph = build_graph("cot_rag", toolkit, checkpointer=InMemorySaver())
    await graph.ainvoke({"question": QUESTION}, config())
    output = await graph.ainvoke(Command(resume=True), config())
    assert output["answer"] == "Sora Han is the mayor."


async def test_a_provider_without_schemas_is_asked_plainly() -> None:
    seen: list[Any] = []

    def script(messages: list[Any], kwargs: dict[str, Any]) -> Any:
        seen.append(kwargs.get("response_format"))
        prompt = str(messages[-1].content)
        return model()(step_of(prompt), prompt)

    port = scripted_port(script, supports=frozenset({"logprobs"}))
    toolkit = world(model(), TEXTS, port=port)
    output = await build_graph("cot_rag", toolkit).ainvoke({"question": QUESTION})
    assert output["answer"] == "Sora Han is the mayor." and set(seen) == {None}


@pytest.mark.parametrize(("support", "kept"), [(0.9, 1), (0.05, 0)])
async def test_only_the_plan_of_a_fully_supported_answer_is_a_case(
    support: float, kept: int
) -> None:
    plans_kept: list[Any] = []

    class Memory:
        async def similar(self, *_: Any, **__: Any) -> list[Any]:
            return []

        async def remember(self, question: str, plan: Any, **_: Any) -> None:
            plans_kept.append((question, [step["question"] for step in plan]))

    answer = model(support=labels(F=support, P=0.05, N=0.95 - support))
    toolkit = world(answer, TEXTS, cases=True)
    toolkit._opened["cases"] = Memory()
    await build_graph("cot_rag", toolkit).ainvoke({"question": QUESTION})
    assert plans_kept == [(QUESTION, [FIRST, SECOND])] * kept


async def test_a_plan_whose_answer_misses_a_fact_is_no_case() -> None:
    class Memory:
        async def similar(self, *_: Any, **__: Any) -> list[Any]:
            return []

        async def remember(self, *_: Any, **__: Any) -> None:
            raise AssertionError

    asks = ("When was the Vesk mill built?", "When was the Orrin tower built?")
    last = ("synthesise", "When were the mill (#1) and the tower (#2) built?")
    built = said("The Vesk mill was built in 1898 [1].", "1898")
    answer = model(
        plan=steps(*asks, last),
        conclude=lambda prompt: built if "mill" in asked(prompt) else said("", None),
    )
    toolkit = world(answer, TEXTS, cases=True)
    toolkit._opened["cases"] = Memory()
    question = {"question": "When were the Vesk mill and the Orrin tower built?"}
    output = await build_graph("cot_rag", toolkit).ainvoke(question)
    assert output["missing"] == [asks[1]] and output["answer"]
    assert "remember:AssertionError" not in output["degraded"]
