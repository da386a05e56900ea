"""The reasoning graphs from the command line: answers, trees, a plan that waits for its reader."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

QUESTION = "Who signs the incident report?"
ANSWER = "The incident report is signed by the harbour master."
WAITING = ["-s", "context.approve_plan=true"]


@pytest.fixture
def asked(served: Callable[..., Any]) -> Callable[..., Any]:
    """`served` with the documents in the store."""
    assert served("ingest", "docs").status == 0
    return served


@pytest.mark.parametrize("graph", ["cot_rag", "mcts_rag", "auto"])
def test_each_graph_answers_with_its_source(asked: Callable[..., Any], graph: str) -> None:
    outcome = asked("ask", QUESTION, "--graph", graph)
    assert outcome.status == 0
    assert f"{ANSWER} [1]" in outcome.out
    assert "[1] docs/rules.md  fully supported" in outcome.out


def test_auto_says_where_it_goes_and_why(asked: Callable[..., Any]) -> None:
    out = asked("ask", QUESTION, "--graph", "auto").out
    assert "self_rag" in out and "one fact answers it" in out


def test_a_search_is_shown_and_drawn(asked: Callable[..., Any]) -> None:
    out = asked("ask", QUESTION, "--graph", "mcts_rag", "--show-tree").out
    assert out.index("Sources") < out.rindex("N ")
    Path("run.json").write_text(
        asked("ask", QUESTION, "--graph", "mcts_rag", "--json").out, "utf-8"
    )
    assert asked("draw", "--run", "run.json", "-o", "tree.svg").status == 0
    assert Path("tree.svg").read_text("utf-8").startswith("<svg")


def test_a_plan_is_run_when_it_is_approved(asked: Callable[..., Any]) -> None:
    outcome = asked(*WAITING, "ask", QUESTION, "--graph", "cot_rag", lines="\n")
    assert outcome.status == 0
    assert outcome.out.index("Enter runs this plan") < outcome.out.index("Answer")
    assert f"{ANSWER} [1]" in outcome.out


def test_a_plan_is_run_as_it_was_edited(
    asked: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def edit(text: str) -> str:
        seen.append(text)
        return "# a comment\nlookup: Who signs the blue book?\n"

    monkeypatch.setattr(click, "edit", edit)
    outcome = asked(*WAITING, "ask", QUESTION, "--graph", "cot_rag", lines="what?\ne\n")
    assert f"lookup: {QUESTION}" in seen[0]
    assert "Guests sign the blue book." in outcome.out


def test_an_edited_plan_that_is_wrong_is_asked_about_again(
    asked: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(click, "edit", lambda text: "guess: Who is it?\n")
    outcome = asked(*WAITING, "ask", QUESTION, "--graph", "cot_rag", lines="e\n\n")
    assert "unknown op 'guess'" in outcome.out
    assert outcome.status == 0 and f"{ANSWER} [1]" in outcome.out


@pytest.mark.parametrize(("lines", "said"), [("q\n", "was not run"), ("", "input has ended")])
def test_a_plan_that_nobody_approves_is_not_run(
    asked: Callable[..., Any], lines: str, said: str
) -> None:
    outcome = asked(*WAITING, "ask", QUESTION, "--graph", "cot_rag", lines=lines)
    assert outcome.status == 2 and said in outcome.err
    assert "Sources" not in outcome.out


def test_json_cannot_wait(asked: Callable[..., Any]) -> None:
    outcome = asked(*WAITING, "ask", QUESTION, "--graph", "cot_rag", "--json")
    assert outcome.status == 2 and "approve_plan" in outcome.err and outcome.out == ""


def test_a_plan_of_one_step_is_no_case(asked: Callable[..., Any]) -> None:
    remembering = ["-s", "context.cases=true"]
    assert asked(*remembering, "ask", QUESTION, "--graph", "cot_rag").status == 0
    cases = json.loads(asked("cases", "list", "--json").out)
    assert cases == []  # a plan of one step teaches nothing


def test_chat_waits_for_a_plan_too(asked: Callable[..., Any]) -> None:
    outcome = asked(*WAITING, "chat", "--graph", "cot_rag", lines=f"{QUESTION}\n\n")
    assert outcome.status == 0 and ANSWER in outcome.out


def test_a_verified_plan_is_kept_as_a_case_and_can_be_forgotten(
    asked: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = f"lookup: {QUESTION}\nlookup: Who signs the blue book?\n"
    monkeypatch.setattr(click, "edit", lambda text: plan)

    def run(*flags: str) -> Any:
        given = ("-s", "context.approve_plan=true", *flags, "ask", QUESTION, "--graph", "cot_rag")
        assert asked(*given, lines="e\n\n").status == 0
        return json.loads(asked("cases", "list", "--json").out)

    assert run() == []  # off unless asked for
    (case,) = run("-s", "context.cases=true")
    assert case["question"] == QUESTION
    assert asked("cases", "forget", case["id"]).status == 0
    assert json.loads(asked("cases", "list", "--json").out) == []
