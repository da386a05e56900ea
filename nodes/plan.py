"""CoT-RAG's planner (arXiv 2504.13534; Plan*RAG): a typed plan, repaired once, else one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import interrupt
from typing_extensions import TypedDict

from churon.nodes.common import RunState, settled
from churon.nodes.decide import normalised
from churon.nodes.plan_invalid import PlanInvalid
from churon.nodes.planner import TOKENS_A_STEP, planned
from churon.nodes.plans import (
    answered,
    checked_plan,
    fact,
    literal,
    one_step,
    plan_schema,
    renumbered,
    unresolved,
)
from churon.nodes.prompts import messages
from churon.nodes.structured import ask_json
from churon.tools.context import RagContext
from churon.tools.run import Ledger, Run
from churon.tools.toolkit import Toolkit
from churon.tools.types import PlanStep, StepResult


class Asked(RunState):
    standalone: str


class Planned(Ledger):
    plan: list[PlanStep]
    steps: list[dict[str, Any]]


@dataclass(frozen=True)
class MakePlan:
    """One to `max_steps` steps; a question that cannot be broken up is one step."""

    toolkit: Toolkit

    async def __call__(self, state: Asked, runtime: Runtime[RagContext]) -> Planned:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        plan = await planned(self.toolkit, run, state["standalone"], state["language"])
        return {"plan": plan, "steps": [{"step": "plan", "plan": plan}], **run.ledger()}


class Reviewed(RunState):
    question: str
    plan: list[PlanStep]


class Approved(TypedDict, total=False):
    plan: list[PlanStep]
    steps: list[dict[str, Any]]


@dataclass(frozen=True)
class ApprovePlan:
    """With `approve_plan`, the run pauses here: resume with True, or with another plan.

    An invalid plan is asked for again, with the reason.
    """

    toolkit: Toolkit

    async def __call__(self, state: Reviewed, runtime: Runtime[RagContext]) -> Approved:
        context = self.toolkit.run(state["run"], runtime.context, state["account"]).context
        if not context.approve_plan:
            return {}
        asked: dict[str, Any] = {"question": state["question"], "plan": state["plan"]}
        while True:
            given = interrupt(asked)
            if given is True or given is None or given == "approve":
                return {}
            try:
                plan = checked_plan(given, context.max_steps)
            except PlanInvalid as problem:
                asked = {**asked, "problem": problem.told(state["language"])}
                continue
            return {"plan": plan, "steps": [{"step": "plan", "plan": plan}]}


class Stuck(RunState):
    standalone: str
    plan: list[PlanStep]
    results: dict[str, StepResult]
    replans: int


class Replanned(Planned):
    replans: int
    stop_reason: str


@dataclass(frozen=True)
class Replan:
    """Another way to the answer from what was found; the last replan asks the question whole.

    Finished steps are kept; those that failed, and those that waited for them, are replaced. Where
    no new way comes to mind, the plan stays and no replan is left.
    """

    toolkit: Toolkit

    async def __call__(self, state: Stuck, runtime: Runtime[RagContext]) -> Replanned:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        plan, results, count = state["plan"], state["results"], state["replans"] + 1
        asked = {normalised(result["question"]) for result in results.values()}
        tried = {normalised(r["question"]) for r in results.values() if not r["answer"]}
        whole = [] if normalised(state["standalone"]) in asked else one_step(state["standalone"])
        finished = [step for step in plan if answered(results.get(step["id"]))]
        fresh: list[PlanStep] = []
        stop = ""
        if count < run.context.max_replans or not whole:
            [made], stop = await settled(run, "replan", self._fresh(run, state, finished))
            fresh = made or []
        if any(normalised(step["question"]) in tried for step in fresh):
            fresh = []  # it leads where we have been
        if not (fresh := fresh or whole):
            most = run.context.max_replans
            return {"plan": plan, "replans": most, "steps": [], "stop_reason": stop, **run.ledger()}
        first = 1 + max(int(step["id"]) for step in plan)
        new = [*finished, *renumbered(fresh, first)]
        return {
            "plan": new,
            "replans": count,
            "steps": [{"step": "plan", "plan": new}],
            "stop_reason": stop,
            **run.ledger(),
        }

    @staticmethod
    async def _fresh(run: Run, state: Stuck, finished: Sequence[PlanStep]) -> list[PlanStep]:
        results = state["results"]
        known = "\n".join(fact(results[step["id"]]) for step in finished)
        lost = [results[step["id"]]["question"] for step in unresolved(state["plan"], results)]
        most = run.context.max_steps
        prompt = messages(
            "replan",
            state["language"],
            question=literal(state["standalone"]),
            known=known or "-",
            missing="\n".join(f"- {question}" for question in lost) or "-",
        )
        raw = await ask_json(run, prompt, plan_schema(most), TOKENS_A_STEP * most)
        try:
            return checked_plan(raw, most)
        except PlanInvalid:
            return []
