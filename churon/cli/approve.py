"""A plan that waits for approval: shown, run as it is, or changed in the user's editor."""

from __future__ import annotations

import sys
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from churon.cli.common import visible
from churon.cli.reasoning import Plan
from churon.cli.tree import show_plan
from churon.cli.words import say
from churon.tools.errors import InputError
from churon.tools.types import Language, PlanStep


def approved(console: Console, asked: dict[str, Any], language: Language) -> Any:
    """What the paused run is resumed with: True, or another plan. Raises InputError to leave."""
    plan: list[PlanStep] = asked["plan"]
    show_plan(console, Plan(plan, {}), language)
    if problem := asked.get("problem"):
        console.print(Text(visible(str(problem)), style="red"))
    while True:
        said = _answer(say(language, "approve")).strip().casefold()
        if said in ("", "y"):
            return True
        if said == "q":
            raise InputError("The plan was not run.", remedy="Ask again when you like.")
        if said == "e":
            edited = click.edit(as_lines(plan, language))
            return True if edited is None else from_lines(edited)


def _answer(prompt: str) -> str:
    sys.stdout.write(f"\n{prompt}")
    sys.stdout.flush()
    try:
        return input()
    except EOFError as error:
        raise InputError(
            "The plan waits for approval and the input has ended.",
            remedy="Run it in a terminal, or without context.approve_plan.",
        ) from error


def as_lines(plan: list[PlanStep], language: Language) -> str:
    """The plan as the user edits it, a step a line."""
    lines = [f"{step['op']}: {step['question']}" for step in plan]
    return "\n".join([say(language, "edit_head"), *lines]) + "\n"


def from_lines(text: str) -> list[dict[str, str]]:
    """The edited plan, its steps numbered from 1; the graph says what is wrong with it."""
    kept = [line.strip() for line in text.splitlines()]
    pairs = [line.partition(":") for line in kept if line and not line.startswith("# ")]
    return [{"op": op.strip(), "question": question.strip()} for op, _, question in pairs]
