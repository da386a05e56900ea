"""Evaluation's prompts: both languages hold the same variables, and no accepted answer."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from churon.evals.prompts import PROMPTS
from churon.nodes.prompts import content_hash

FOLDER = files("churon.evals.prompts")
STEPS = sorted({f.name.split(".")[0] for f in FOLDER.iterdir() if f.name.endswith(".md")})


def variables(step: str, language: str) -> set[str]:
    text = FOLDER.joinpath(f"{step}.{language}.md").read_text("utf-8")
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("step", STEPS)
def test_both_languages_have_the_same_variables(step: str) -> None:
    assert variables(step, "en") == variables(step, "ko")


def test_a_step_may_have_a_system_message_of_its_own() -> None:
    own, _ = PROMPTS.messages("short", "en", question="?", answer="a")
    common, _ = PROMPTS.messages("closed_book", "en", question="?")
    assert "few words" in own.text and "few words" not in common.text


def test_their_hash_is_another_one() -> None:
    assert PROMPTS.content_hash() != content_hash()
