"""cases list and forget: what was learnt can be read and taken back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.ollama_server import OllamaServer

from churon.tools.cases import Case, case_id
from churon.tools.settings import load_settings
from churon.tools.toolkit import Toolkit
from churon.tools.types import PlanStep

FERRY = "Which ferry is\nlarger? \x1b[31m"
KOREAN = "파도호의 선장은 누구인가?"
PLAN = [
    PlanStep(id="1", question="How large?", depends_on=[], op="lookup", needs_retrieval=True),
    PlanStep(id="2", question="#1 > 9?", depends_on=["1"], op="compare", needs_retrieval=False),
]

Learn = Callable[..., list[Case]]


@pytest.fixture
def learn(server: OllamaServer, tmp_path: Path) -> Learn:
    """Keeps these questions' plans in the store of `served`."""
    model = {"base_url": server.url, "model": "double"}
    settings = load_settings(
        preset="ollama", chat=model, embedding=model, store={"uri": str(tmp_path / "m.db")}
    )

    async def remember(questions: tuple[str, ...], tenant: str | None) -> list[Case]:
        async with Toolkit(settings) as toolkit:
            memory = await toolkit.cases()
            for question in questions:
                await memory.remember(question, PLAN, keep=9, tenant=tenant)
            return await memory.all(tenant=tenant)

    def run(*questions: str, tenant: str | None = None) -> list[Case]:
        return asyncio.run(remember(questions, tenant))

    return run


def test_an_empty_memory_says_so(served: Callable[..., Any]) -> None:
    for command in (["list"], ["forget", "--all"]):
        outcome = served("cases", *command)
        assert (outcome.status, outcome.err) == (0, "")
        assert outcome.out.startswith("No cases.")
    assert json.loads(served("cases", "list", "--json").out) == []


def test_cases_are_listed_with_their_steps(served: Callable[..., Any], learn: Learn) -> None:
    first, second = learn(FERRY, KOREAN)
    assert served("cases", "list").out == (
        f"{first['id'][:8]}  {first['created'][:10]}  Which ferry is larger? �[31m\n"
        "    1  lookup: How large?\n"
        "    2  compare: #1 > 9?  (after 1)\n"
        f"{second['id'][:8]}  {second['created'][:10]}  {KOREAN}\n"
        "    1  lookup: How large?\n"
        "    2  compare: #1 > 9?  (after 1)\n"
    )
    assert json.loads(served("cases", "list", "--json").out) == [first, second]


def test_cases_are_forgotten_by_short_id_or_all(served: Callable[..., Any], learn: Learn) -> None:
    first, _, third = learn(FERRY, KOREAN, "Why?")
    outcome = served("cases", "forget", first["id"][:8], third["id"])
    assert (outcome.status, outcome.out) == (0, "cases deleted: 2\n")
    left = json.loads(served("cases", "list", "--json").out)
    assert [case["question"] for case in left] == [KOREAN]
    assert served("cases", "forget", "--all").out == "cases deleted: 1\n"
    assert served("cases", "list").out.startswith("No cases.")


def test_tenants_are_listed_and_forgotten_apart(served: Callable[..., Any], learn: Learn) -> None:
    learn(FERRY, tenant="a")
    learn(KOREAN, tenant="b")
    assert served("cases", "list").out.startswith("No cases.")
    (case,) = json.loads(served("-s", "context.tenant=b", "cases", "list", "--json").out)
    assert case["question"] == KOREAN
    assert served("cases", "forget", "--all", "--tenant", "a").out == "cases deleted: 1\n"
    assert KOREAN in served("cases", "list", "--tenant", "b").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "got neither ids nor --all"),
        (["--all", "0a"], "got both ids and --all"),
        (["unknown"], "There is no case 'unknown'. See `churon cases list`"),
        ([""], "There is no case ''"),
        ([case_id("Question 0?", None), "unknown"], "There is no case 'unknown'"),
    ],
)
def test_refusals_delete_nothing(
    served: Callable[..., Any], learn: Learn, arguments: list[str], words: str
) -> None:
    learn("Question 0?")
    outcome = served("cases", "forget", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("churon: ") and outcome.err.count("\n") == 1
    assert words in outcome.err
    assert len(json.loads(served("cases", "list", "--json").out)) == 1


def test_a_beginning_that_several_share_is_refused(
    served: Callable[..., Any], learn: Learn
) -> None:
    kept = learn(*(f"Question {number}?" for number in range(17)))  # of 16 first digits
    digits = [case["id"][0] for case in kept]
    shared = next(digit for digit in digits if digits.count(digit) > 1)
    outcome = served("cases", "forget", shared)
    assert outcome.status == 2
    assert f"cases begin with {shared!r}" in outcome.err
