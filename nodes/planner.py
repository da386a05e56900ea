"""Asking for a plan of a question: what CoT-RAG's `plan` and the router have in common."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from churon.nodes.plan_invalid import PlanInvalid
from churon.nodes.plans import (
    checked_plan,
    literal,
    one_step,
    plan_schema,
)
from churon.nodes.prompts import messages
from churon.nodes.repetition import without_repetition
from churon.nodes.structured import ask_json
from churon.tools.errors import StoreError
from churon.tools.run import Run
from churon.tools.toolkit import Toolkit
from churon.tools.types import Language, PlanStep

TOKENS_A_STEP = 70


async def planned(toolkit: Toolkit, run: Run, question: str, language: Language) -> list[PlanStep]:
    """The model's plan, repaired once, else one step; asked for again in a run it is not paid."""
    most, cases = run.context.max_steps, await similar(toolkit, run, question)
    asked = literal(question)
    prompt = messages("plan", language, question=asked, cases=cases)
    raw = await ask_json(run, prompt, plan_schema(most), TOKENS_A_STEP * most)
    try:
        plan = checked_plan(raw, most)
    except PlanInvalid as problem:
        plan = await _repaired(run, asked, language, raw, problem.said(language))
    kept = without_repetition(plan, asked)
    if kept != plan:
        run.degrade("plan:repeats_question")
    if len(kept) <= 1:  # the question's own words, not the model's copy of them
        return one_step(question)
    return kept


async def _repaired(
    run: Run, question: str, language: Language, raw: Any, problem: str
) -> list[PlanStep]:
    most = run.context.max_steps
    prompt = messages(
        "repair",
        language,
        question=question,
        problem=problem,
        plan=json.dumps(raw, ensure_ascii=False)[:2_000],
        most=str(most),
    )
    try:
        return checked_plan(
            await ask_json(run, prompt, plan_schema(most), TOKENS_A_STEP * most), most
        )
    except PlanInvalid:
        run.degrade("plan:one_step")
        return one_step(question)


async def similar(toolkit: Toolkit, run: Run, question: str) -> str:
    """Plans of similar questions that were answered before, as further examples; "" for none."""
    if not run.context.cases:
        return ""
    try:
        memory = await toolkit.cases()
        found = await memory.similar(question, tenant=run.context.tenant)
    except StoreError as error:  # examples are a help, not a need
        run.degrade(f"cases:{type(error).__name__}")
        return ""
    label = {"en": "Question", "ko": "질문"}
    return "".join(
        f"\n{label[case['language']]}: {case['question']}\n{shown(case['plan'])}\n"
        for case in found
    )


def shown(plan: Sequence[PlanStep]) -> str:
    """A plan as the planner writes it."""
    steps = [{"op": step["op"], "question": step["question"]} for step in plan]
    return json.dumps({"steps": steps}, ensure_ascii=False)
