"""What a plan's steps found becomes an answer, or part of one that is named as such."""

from __future__ import annotations

from functools import partial

import pytest
from support import bridge
from support.bridge import LIGHTHOUSE, MILL, model, said, steps
from support.scripted import Reply

from churon.tools.errors import ModelUnreachable

ask = partial(bridge.ask, "cot_rag", max_replans=0, k2=1)

BOTH = "In which years were the Vesk mill and the Orrin lighthouse built?"
LOOKED_UP = ("When was the Vesk mill built?", "When was the Orrin lighthouse built?")
GATHERED = steps(*LOOKED_UP, ("synthesise", "Put #1 and #2 together."))
AWAY = Reply(error=ModelUnreachable("503"))


@pytest.mark.parametrize("plan", [steps(*LOOKED_UP), GATHERED])
async def test_one_of_several_facts_is_no_answer(plan: str) -> None:
    output = await ask(model(plan=plan, conclude=said("", None)), BOTH)
    assert (output["status"], output["missing"]) == ("abstained", [BOTH])


@pytest.mark.parametrize("plan", [steps(*LOOKED_UP), GATHERED])
async def test_facts_that_nobody_could_put_together_are_part_of_an_answer(plan: str) -> None:
    output = await ask(model(plan=plan, conclude=AWAY), BOTH)
    assert (output["status"], output["missing"]) == ("partial", [BOTH])
    assert [claim["text"] for claim in output["claims"]] == [
        "The Vesk mill was built in 1898.", "The Orrin lighthouse was built in 1912."
    ]  # fmt: skip
    cited = [output["evidence"][key]["text"] for c in output["claims"] for key in c["evidence_ids"]]
    assert cited == [MILL, LIGHTHOUSE]
    assert "conclude:ModelUnreachable" in output["degraded"]


@pytest.mark.parametrize("calls", [6, 7])
async def test_facts_outlive_the_budget(calls: int) -> None:
    output = await ask(model(plan=GATHERED), BOTH, limits={"calls": calls})
    assert output["status"] == "budget_exhausted" and BOTH in output["missing"]
    assert "1898" in output["answer"]


async def test_what_was_found_is_put_together_though_the_searches_ended() -> None:
    asked: list[str] = []

    def conclude(prompt: str) -> str:
        asked.append(prompt)
        return said("The mill is of 1898 [1].", "1898")

    plan = steps(*LOOKED_UP, "Who painted them?", ("synthesise", "Put all together."))
    output = await ask(
        model(plan=plan, conclude=conclude), "When and by whom?", limits={"searches": 2}
    )
    assert output["status"] == "budget_exhausted" and output["answer"] == "The mill is of 1898."
    assert len(asked) == 1


async def test_a_last_step_about_one_of_two_things_is_not_the_question() -> None:
    question = "베스크 제분소와 오린 제분소는 언제 문을 닫았습니까?"
    plan = steps("베스크 제분소는 언제 문을 닫았습니까?", "오린 제분소는 언제 문을 닫았습니까?")

    def read(prompt: str) -> str:
        year = "1968" if "오린 제분소는 언제" in prompt else "1951"
        return said(f"{year}년에 문을 닫았습니다 [1].", f"{year}년")

    texts = ("베스크 제분소는 1951년에 문을 닫았다.", "오린 제분소는 1968년에 문을 닫았다.")
    answer = model(plan=plan, read=read, conclude=said("", None))
    output = await ask(answer, question, texts=texts)
    assert (output["status"], output["missing"]) == ("abstained", [question])


@pytest.mark.parametrize(
    ("concluded", "status"),
    [(said("", None), "abstained"), (said("The mayor is Sora Han [1].", "Sora Han"), "grounded")],
)
async def test_what_a_step_of_another_question_found_is_not_the_answer(
    concluded: str, status: str
) -> None:
    def read(prompt: str) -> str:
        other = "the lighthouse" in prompt.rpartition("Question: ")[2]
        return said("It was built in 1912 [1].", "1912") if other else said("", None)

    answer = model(
        plan=steps(bridge.QUESTION), read=read, hop="NONE", refine="NONE", conclude=concluded,
        replan=steps("Look at the lighthouse."),
    )  # fmt: skip
    output = await ask(answer, max_replans=1)
    assert output["status"] == status
    assert "1912" not in output["answer"]
