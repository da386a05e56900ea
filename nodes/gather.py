"""The end of a plan: what the steps found becomes the answer, or what is missing is named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from churon.nodes.cite import alike, claim
from churon.nodes.common import RunState, chosen, settled
from churon.nodes.decide import normalised, status_of
from churon.nodes.meaning import same
from churon.nodes.option import bare
from churon.nodes.plans import (
    answered,
    fact,
    filled,
    gathers,
    in_order,
    missing_facts,
    ready,
    renumbered,
    stuck,
    unasked,
    unresolved,
)
from churon.nodes.reading import Reading, conclude
from churon.nodes.repetition import is_part
from churon.nodes.sentences import sentences
from churon.tools.context import RagContext
from churon.tools.errors import ModelError
from churon.tools.run import Ledger, Run
from churon.tools.toolkit import Toolkit
from churon.tools.types import Claim, Evidence, PlanStep, StepResult

_OPENING = re.compile(r"who \w+|which\b|what\b")
_SAME_QUESTION, _WHOLE_QUESTION, _OTHER_QUESTION = 0.6, 0.75, 0.3
"""Shares of bigrams, either way."""


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
        asked = state["standalone"]
        if run.context.approve_plan and len(plan) == 1:
            asked = plan[0]["question"]  # as the reader wants it
        said = last_words(plan, results, asked)
        lost = [results[step["id"]]["question"] for step in unresolved(plan, results)]
        if not found or stuck(plan, results):
            said = []
        elif _is_part_of_it(plan, results, asked):
            reading = None
            if stop in ("", "budget:searches"):  # it searches no more
                work = self._read(run, state, found, ids)
                [reading], ended = await settled(run, "conclude", work)
                stop = stop or ended
            said = _fuller(reading, said, results.get(plan[-1]["id"]))
            if not said and reading is None:
                said = [one for end in ends(plan, results) for one in claims_of(end)]
                lost = [*lost, *unasked(plan, results), state["standalone"]]
        if not said:
            lost = [*missing_facts(results, state["standalone"]), *unasked(plan, results)]
        return {
            "answer": " ".join(one["text"] for one in said),
            "claims": said,
            "kept": ids if said else [],
            "missing": lost,
            "stop_reason": stop,
            **run.ledger(),
        }

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


def last_words(
    plan: Sequence[PlanStep], results: Mapping[str, StepResult], question: str
) -> list[Claim]:
    """What the plan's last step found, where that answers the question itself: it rests on all
    others, or asked the question as it is. [] else, as an answer to one step's question is none.
    """
    last = results.get(plan[-1]["id"]) if plan and not gathers(plan) else None
    if last is None or not last["answer"]:
        return []
    if len(plan) > 1:
        whole = len(_unused(plan)) == 1 or asks_all(plan, question)
    else:
        whole = alike(question, plan[0]["question"]) >= _OTHER_QUESTION
    return claims_of(last) if whole else []


def asks_all(plan: Sequence[PlanStep], question: str) -> bool:
    """The last step asks the whole question, not about one of two things in it."""
    *others, last = [step["question"] for step in plan]
    return alike(question, last) >= _WHOLE_QUESTION and not is_part(last, others, question)


def ends(plan: Sequence[PlanStep], results: Mapping[str, StepResult]) -> list[StepResult]:
    """What was found by steps on which no other rests, but the one that only gathers."""
    found = [results.get(step["id"]) for step in _unused(plan)]
    return [one for one in found if one and one["answer"]]


def _unused(plan: Sequence[PlanStep]) -> list[PlanStep]:
    looking = plan[:-1] if gathers(plan) else plan
    used = {key for step in looking for key in step["depends_on"]}
    return [step for step in looking if step["id"] not in used]


def _is_part_of_it(
    plan: Sequence[PlanStep], results: Mapping[str, StepResult], question: str
) -> bool:
    """What the steps found has to be put together, or was asked for by a step of another question,
    as a small model plans it.
    """
    if len(plan) > 1:
        return not _worked_out(plan, results, question)
    return alike(question, plan[0]["question"]) < _OTHER_QUESTION


def _worked_out(plan: Sequence[PlanStep], results: Mapping[str, StepResult], question: str) -> bool:
    """The plan ends in the question itself, and code compared facts that were checked: a model has
    nothing to add.
    """
    step, last = plan[-1], results.get(plan[-1]["id"])
    if last is None or step["op"] != "compare" or last["method"] != "computed":
        return False
    asked = bare(step["question"])
    # "Who built the older one, A or B?" is more than "Which is older, A or B?"
    opened = [_OPENING.match(text.casefold()) for text in (question, asked)]
    begun = [found[0] if found else "" for found in opened]
    return (
        last["support"] != "none"
        and alike(question, asked) >= _SAME_QUESTION
        and begun[0] == begun[1]
    )


def _fuller(reading: Reading | None, said: list[Claim], last: StepResult | None) -> list[Claim]:
    """The conclusion; the last step's words where it is that step's short answer and no more."""
    if reading is None or not reading.claims:
        return said
    short = normalised(reading.statement) == normalised(reading.answer)
    again = short and last is not None and same(reading.answer, last["answer"])
    return said if said and again else reading.claims


def claims_of(result: StepResult) -> list[Claim]:
    """A result's sentences; only a single one inherits the support that was checked."""
    text = result["reasoning"] or result["answer"]
    # names that code put together may look like sentences: "Who's Afraid?" came first
    parts = [text] if result["method"] == "computed" else sentences(text)
    made = [claim(part, result["evidence_ids"]) for part in parts]
    if len(made) > 1:
        return made
    score = result["support_score"]
    return [{**one, "support": result["support"], "support_score": score} for one in made]


def _passages(found: list[StepResult], survey: list[str], most: int) -> list[str]:
    """The steps' passages, those of later steps first as they lie nearest to the answer, then the
    ones that the question itself found.
    """
    ids = [key for result in reversed(found) for key in result["evidence_ids"]]
    return list(dict.fromkeys([*ids, *survey]))[:most]
