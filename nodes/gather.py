"""The end of a plan: what the steps found becomes the answer, or what is missing is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from churon.nodes.common import RunState, chosen, settled
from churon.nodes.decide import normalised, status_of
from churon.nodes.findings import claims_of, ends, fuller, is_part_of_it, last_words
from churon.nodes.plans import (
    answered,
    fact,
    filled,
    in_order,
    missing_facts,
    ready,
    renumbered,
    stuck,
    unasked,
    unresolved,
)
from churon.nodes.reading import Reading, conclude
from churon.tools.context import RagContext
from churon.tools.errors import ModelError
from churon.tools.run import Ledger, Run
from churon.tools.toolkit import Toolkit
from churon.tools.types import Claim, Evidence, PlanStep, StepResult


class Executed(RunState):
    plan: list[PlanStep]
    results: dict[str, StepResult]
    recorded: list[str]
    replans: int
    stop_reason: str


class Recorded(TypedDict):
    results: dict[str, StepResult]
    recorded: list[str]
    steps: list[dict[str, Any]]
    round: list[str]
    verdict: Literal["go_on", "replan", "conclude"]


@dataclass(frozen=True)
class Record:
    """Waits for a round's steps, notes what became of them, and names the steps of the next.

    A step whose question another one has answered is moot: it takes over that answer.
    """

    toolkit: Toolkit

    async def __call__(self, state: Executed, runtime: Runtime[RagContext]) -> Recorded:
        context = self.toolkit.run(state["run"], runtime.context, state["account"]).context
        plan, done = state["plan"], state["recorded"]
        taken = moot(plan, state["results"])
        results = {**state["results"], **taken}
        fresh = [key for step in plan if (key := step["id"]) in results and key not in done]
        waiting = ready(plan, results)
        left = context.max_replans - state["replans"]
        verdict: Literal["go_on", "replan", "conclude"] = "go_on" if waiting else "conclude"
        if state["stop_reason"]:
            verdict = "conclude"
        elif stuck(plan, results) and left > 0 and not context.faithful:
            verdict = "replan"  # what still waits would be planned anew
        return {
            "results": taken,
            "recorded": [*done, *fresh],
            "steps": [{"step": "result", "result": results[key]} for key in fresh],
            "round": [step["id"] for step in (waiting[:1] if context.faithful else waiting)],
            "verdict": verdict,
        }


class Held(RunState):
    standalone: str
    plan: list[PlanStep]
    results: dict[str, StepResult]
    evidence: dict[str, Evidence]
    top: list[str]
    """What the question itself found."""
    failures: list[str]
    stop_reason: str


class Concluded(Ledger):
    answer: str
    claims: list[Claim]
    kept: list[str]
    missing: list[str]
    stop_reason: str


@dataclass(frozen=True)
class Conclude:
    """The answer from step answers and their passages; the answer of a single step that asked the
    question stands as it is.

    Without a step that the answer cannot do without, there is none: `missing` lists the facts.
    Where nobody could be asked to put them together, what the plan's ends found is given, and the
    question named as missing. Raises ModelError when no step has an answer because the model
    failed.
    """

    toolkit: Toolkit

    async def __call__(self, state: Held, runtime: Runtime[RagContext]) -> Concluded:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        plan, results, stop = state["plan"], state["results"], state["stop_reason"]
        found = [results[step["id"]] for step in plan if answered(results.get(step["id"]))]
        if not found and state["failures"] and not stop:
            raise ModelError(f"No step could be answered: {state['failures'][0]}")
        ids = _passages(found, state["top"], run.context.final_passages)
        question, said = state["standalone"], list[Claim]()
        lost = [results[step["id"]]["question"] for step in unresolved(plan, results)]
        if found and not stuck(plan, results):
            said, whole, stop = await self._put_together(run, state, found, ids)
            lost = lost if whole else [*lost, *unasked(plan, results), question]
        if not said:
            lost = [*missing_facts(results, question), *unasked(plan, results)]
        return {
            "answer": " ".join(one["text"] for one in said),
            "claims": said,
            "kept": ids if said else [],
            "missing": lost,
            "stop_reason": stop,
            **run.ledger(),
        }

    async def _put_together(
        self, run: Run, state: Held, found: list[StepResult], ids: list[str]
    ) -> tuple[list[Claim], bool, str]:
        """The answer's sentences, whether they are all of it, and the stop reason."""
        plan, results, stop = state["plan"], state["results"], state["stop_reason"]
        asked, reading = state["standalone"], None
        if run.context.approve_plan and len(plan) == 1:
            asked = plan[0]["question"]  # as the reader wants it
        said = last_words(plan, results, asked)
        if not is_part_of_it(plan, results, asked):
            return said, True, stop
        if stop in ("", "budget:searches"):  # it searches no more
            work = self._read(run, state, found, ids)
            [reading], ended = await settled(run, "conclude", work)
            stop = stop or ended
        said = fuller(reading, said, results.get(plan[-1]["id"]))
        if said or reading is not None:
            return said, True, stop
        return [one for end in ends(plan, results) for one in claims_of(end)], False, stop

    @staticmethod
    async def _read(run: Run, state: Held, found: list[StepResult], ids: list[str]) -> Reading:
        passages = chosen(state["evidence"], ids)
        facts = "\n".join(fact(result) for result in found)
        return await conclude(run, state["standalone"], passages, facts, state["language"])


class Verified(RunState):
    standalone: str
    plan: list[PlanStep]
    claims: list[Claim]
    missing: list[str]
    stop_reason: str


@dataclass(frozen=True)
class Remember:
    """With `cases`, keeps the plan of a fully supported answer that misses nothing; a plan of one
    step teaches nothing. Raises StoreError.
    """

    toolkit: Toolkit

    async def __call__(self, state: Verified, runtime: Runtime[RagContext]) -> dict[str, Any]:
        context = self.toolkit.run(state["run"], runtime.context, state["account"]).context
        verified = status_of(state["claims"]) == "grounded" and not state["missing"]
        verified = verified and not state["stop_reason"]
        if context.cases and verified and len(state["plan"]) > 1:
            memory = await self.toolkit.cases()
            plan = renumbered(in_order(state["plan"]), 1)
            keep = context.cases_kept
            await memory.remember(state["standalone"], plan, keep=keep, tenant=context.tenant)
        return {}


def moot(plan: Sequence[PlanStep], results: Mapping[str, StepResult]) -> dict[str, StepResult]:
    """Results for ready steps that ask, filled, what another step has answered."""
    known = {normalised(r["question"]): r for r in results.values() if r["answer"]}
    settled = {}
    for step in ready(plan, results):
        question = filled(step["question"], results)
        if same := known.get(normalised(question)):
            settled[step["id"]] = StepResult(**{**same, "id": step["id"], "question": question})
    return settled


def _passages(found: list[StepResult], survey: list[str], most: int) -> list[str]:
    """The steps' passages, those of later steps first as they lie nearest to the answer, then the
    ones that the question itself found.
    """
    ids = [key for result in reversed(found) for key in result["evidence_ids"]]
    return list(dict.fromkeys([*ids, *survey]))[:most]
