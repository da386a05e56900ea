"""Plans and results for tests."""

from __future__ import annotations

from churon.nodes.plans import (
    checked_plan,
)
from churon.tools.types import PlanStep, StepResult

MOST = 5


def result(key: str, answer: str = "x", question: str = "q?") -> StepResult:
    """A step that was read."""
    return StepResult(
        id=key,
        question=question,
        answer=answer,
        reasoning="",
        evidence_ids=[],
        support="unchecked",
        support_score=None,
        method="read" if answer else "none",
    )


def plan(*questions: str, op: str = "lookup") -> list[PlanStep]:
    """Steps with these questions."""
    return checked_plan([{"question": question, "op": op} for question in questions], MOST)
