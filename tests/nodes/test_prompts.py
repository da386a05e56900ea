"""Prompt files: both languages hold the same variables; values are never read as templates."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

import pytest

from churon.nodes import prompts

FOLDER = files("churon.nodes.prompts")
STEPS = sorted({f.name.split(".")[0] for f in FOLDER.iterdir() if f.name.endswith(".md")})


def variables(step: str, language: str) -> set[str]:
    text = FOLDER.joinpath(f"{step}.{language}.md").read_text("utf-8")
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("step", STEPS)
def test_both_languages_have_the_same_variables(step: str) -> None:
    assert variables(step, "en") == variables(step, "ko")


@pytest.mark.parametrize(
    "step", ["retrieve", "grade", "support", "utility", "sufficient", "decide", "same"]
)
def test_labels_are_the_same_letters_in_both_languages(step: str) -> None:
    letters = [
        re.findall(
            r"^(\w) = ", FOLDER.joinpath(f"{step}.{lang}.md").read_text("utf-8"), re.MULTILINE
        )
        for lang in ("en", "ko")
    ]
    assert letters[0] == letters[1] and len(letters[0]) >= 2


def test_missing_and_unused_variables_are_refused() -> None:
    with pytest.raises(ValueError, match="passage"):
        prompts.messages("grade", "en", question="?")
    with pytest.raises(ValueError, match="extra"):
        prompts.messages("grade", "en", question="?", passage="p", extra="x")


def test_a_value_with_braces_is_left_alone() -> None:
    filled = prompts.messages("grade", "en", question="{passage}", passage="{question} {other}")
    assert "{question} {other}" in filled[-1].text
    assert "Question: {passage}" in filled[-1].text


@pytest.mark.parametrize(
    ("language", "head", "steps"),
    [
        ("ko", "글:\n", ["grade", "candidate", "continue"]),  # support is asked in English
        ("en", "Passage:\n", ["grade", "candidate", "support", "continue"]),
    ],
)
def test_steps_on_one_passage_share_a_prefix(language: Any, head: str, steps: list[str]) -> None:
    # the model's prefix cache then reads the passage once
    for step in steps:
        given = dict.fromkeys(variables(step, language), "x") | {"passage": "P" * 50}
        system, asked = prompts.messages(step, language, **given)
        assert asked.text.startswith(head + "P" * 50)
        assert system.text == prompts.messages("direct", language, question="?")[0].text


def test_support_is_asked_in_english_of_korean_too() -> None:
    given = dict.fromkeys(variables("support", "en"), "글")
    korean, english = (prompts.messages("support", one, **given) for one in ("ko", "en"))
    assert [one.text for one in korean] == [one.text for one in english]


def test_the_hash_is_stable() -> None:
    assert prompts.content_hash() == prompts.content_hash()
    assert re.fullmatch(r"[0-9a-f]{12}", prompts.content_hash())
