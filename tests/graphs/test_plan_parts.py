"""Plans of questions about several things keep a step for each of them, and no half of one."""

from __future__ import annotations

import pytest
from support.bridge import FIRST, SECOND, ask, asked, model, plans, results, said, steps

MILLS = ("The Vesk mill closed in 1971.", "The Orrin mill closed in 1988.")
PARTS = ["When did the Vesk mill close?", "When did the Orrin mill close?"]
OLDER = "Which is older, the Vesk mill (#1) or the Orrin lighthouse (#2)?"


def closed(prompt: str) -> str:
    """When the mill of the question closed."""
    mill = MILLS["Orrin" in asked(prompt)]
    return said(f"{mill} [1]", mill[-5:-1]) if mill in prompt else said("")


@pytest.mark.parametrize("graph", ["cot_rag", "auto"])
async def test_both_parts_of_a_question_are_looked_up(graph: str) -> None:
    told = said("The Vesk mill closed in 1971 and the Orrin mill in 1988.", "1971 and 1988")
    script = model(plan=steps(*PARTS), read=closed, conclude=told)
    question = "When did the Vesk mill and the Orrin mill close?"
    output = await ask(graph, script, question, texts=MILLS)
    assert plans(output) == [PARTS]
    assert [found["answer"] for found in results(output).values()] == ["1971", "1988"]
    assert output["degraded"] == []


async def test_a_question_that_was_cut_off_is_not_asked() -> None:
    built = ["When was the Vesk mill built?", "When was the Orrin lighthouse built?"]
    cut = steps(*built, ("compare", OLDER)).partition(" (#2)")[0]
    script = model(plan=cut, conclude=said("The Vesk mill is older.", "the Vesk mill"))
    output = await ask("cot_rag", script, "Which is older, the mill or the lighthouse?")
    assert plans(output) == [built] and "steps:cut" in output["degraded"]


@pytest.mark.parametrize("end", [" (#2)", '"question"', '"compare"', '"op"', 'op"'])
async def test_a_step_that_was_begun_is_left_out(end: str) -> None:
    built = ["When was the Vesk mill built?", "When was the Orrin lighthouse built?"]
    cut = steps(*built, ("compare", OLDER)).rpartition(end)[0].replace('"steps"', '"plan"')
    script = model(plan=cut, conclude=said("The Vesk mill is older.", "the Vesk mill"))
    output = await ask("cot_rag", script, "Which is older, the mill or the lighthouse?")
    assert plans(output) == [built] and output["degraded"] == ["steps:cut"]


async def test_a_plan_without_a_whole_step_is_asked_for_again() -> None:
    script = model(plan=steps(FIRST)[:-20], repair=steps(FIRST, SECOND))
    output = await ask("cot_rag", script)
    assert plans(output) == [[FIRST, SECOND]] and output["answer"] == "Sora Han is the mayor."
