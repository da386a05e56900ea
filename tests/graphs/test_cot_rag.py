"""CoT-RAG: plans, steps in parallel, code for operations, hops, replans, abstention, approval."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from support import bridge
from support.bridge import (
    FIRST,
    QUESTION,
    SECOND,
    TEXTS,
    asked,
    model,
    plans,
    read,
    results,
    said,
    steps,
)
from support.scripted import scripted_port
from support.world import labels, step_of, world

from churon.graphs.registry import build_graph
from churon.nodes.reading import schema

MILL_OR_LIGHTHOUSE = "Which is older, the Vesk mill or the Orrin lighthouse?"
COMPARE = steps(
    "When was the Vesk mill built?",
    "When was the Orrin lighthouse built?",
    ("compare", "Which is older, the Vesk mill (#1) or the Orrin lighthouse (#2)?"),
)


ask = partial(bridge.ask, "cot_rag", max_replans=2, max_hops=3)


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


async def test_a_list_that_was_cut_is_not_counted() -> None:
    names = [f"Harbour {name}" for name in "ABCDEFGHIJ"]
    whole = f"The ferry calls at {', '.join(names[:-1])} and {names[-1]}."
    most = schema("en")["properties"]["answer"]["maxLength"]
    read = json.dumps({"statement": whole, "answer": ", ".join(names)[:most]})
    plan = steps("Which harbours does the ferry call at?", ("count", "How many harbours: #1?"))
    output = await ask(model(plan=plan, read=read), "How many are there?", texts=(whole,))
    assert results(output)["2"]["answer"] == "10"


@pytest.mark.parametrize("statement", ["", "NONE"])
async def test_a_long_answer_without_a_sentence_is_the_sentence(statement: str) -> None:
    told = (
        "The Halden bridge was built by the engineer Anna Kim of the northern harbour company, "
        "in the year 1898"
    )
    question = "Who built the Halden bridge, and when?"
    read = json.dumps({"statement": statement, "answer": told})
    output = await ask(model(plan=steps(question), read=read), question, texts=(f"{told}.",))
    assert (output["status"], output["answer"]) == ("grounded", told)


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
    toolkit = world(answer, TEXTS, cases=True, memory=Memory())
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
    toolkit = world(answer, TEXTS, cases=True, memory=Memory())
    question = {"question": "When were the Vesk mill and the Orrin tower built?"}
    output = await build_graph("cot_rag", toolkit).ainvoke(question)
    assert output["missing"] == [asks[1]] and output["answer"]
