"""Evaluation's prompts: both languages hold the same variables, and no accepted answer."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from churon.evals.judge.prompts import PROMPTS as JUDGE
from churon.evals.prompts import PROMPTS
from churon.nodes.prompts import content_hash

ASKING, JUDGING = "churon.evals.prompts", "churon.evals.judge.prompts"
STEPS = sorted(
    {
        (package, f.name.split(".")[0])
        for package in (ASKING, JUDGING)
        for f in files(package).iterdir()
        if f.name.endswith(".md")
    }
)


def variables(package: str, step: str, language: str) -> set[str]:
    text = files(package).joinpath(f"{step}.{language}.md").read_text("utf-8")
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize(("package", "step"), STEPS)
def test_both_languages_have_the_same_variables(package: str, step: str) -> None:
    assert variables(package, step, "en") == variables(package, step, "ko")


def test_only_a_judge_is_shown_accepted_answers() -> None:
    shown = {package for package, step in STEPS if "accepted" in variables(package, step, "en")}
    assert shown == {JUDGING}


def test_a_step_may_have_a_system_message_of_its_own() -> None:
    own, _ = PROMPTS.messages("short", "en", question="?", answer="a")
    common, _ = PROMPTS.messages("closed_book", "en", question="?")
    assert "few words" in own.text and "few words" not in common.text


def test_their_hash_is_another_one() -> None:
    assert len({PROMPTS.content_hash(), JUDGE.content_hash(), content_hash()}) == 3
