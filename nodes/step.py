"""One step of a plan: filled, computed in code where it can be, read from passages, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NotRequired

from langgraph.runtime import Runtime

from churon.nodes.common import RunState, chosen, settled
from churon.nodes.critique import borne_by
from churon.nodes.decide import WORST_FIRST, support_label
from churon.nodes.operations import compute
from churon.nodes.plans import fact, filled
from churon.nodes.reading import NOTHING, Reading, combine, conclude, read
from churon.tools.context import RagContext
from churon.tools.run import Ledger, Run
from churon.tools.toolkit import Toolkit
from churon.tools.types import Evidence, Language, Method, PlanStep, StepResult, Support


class Given(RunState):
    step: PlanStep
    parents: dict[str, StepResult]
    """Results of the steps it depends on."""
    evidence: NotRequired[dict[str, Evidence]]


class Filled(Ledger):
    standalone: str
    found: StepResult
    queries: list[str]
    kept: list[str]
    rounds: int
    answer: str
    query: str
    asked: str
    graded: bool
    thoughts: list[str]
    verdict: Literal["search", "reason", "settle"]


@dataclass(frozen=True)
class FillStep:
    """Puts the parents' answers in; a comparison, count, sum or date is computed here and now."""

    toolkit: Toolkit

    async def __call__(self, state: Given, runtime: Runtime[RagContext]) -> Filled:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        step, parents = state["step"], state["parents"]
        question = filled(step["question"], parents)
        found = blank(step["id"], question)
        verdict: Literal["search", "reason", "settle"] = "search"
        if not step["needs_retrieval"]:
            done = computed(run, step, found, parents, state["language"])
            verdict, found = ("settle", done) if done else ("reason", found)
        return {
            "standalone": question,
            "found": found,
            "queries": [],
            "kept": [],
            "rounds": 0,
            "answer": "",
            "query": "",
            "asked": "",
            "graded": True,
            "thoughts": [],
            "verdict": verdict,
            **run.ledger(),
        }


class Held(RunState):
    standalone: str
    evidence: dict[str, Evidence]
    kept: list[str]
    found: StepResult
    thoughts: list[str]


class Found(Ledger):
    found: StepResult


@dataclass(frozen=True)
class ReadStep:
    """The step's question answered from the passages kept, and the support of that answer."""

    toolkit: Toolkit

    async def __call__(self, state: Held, runtime: Runtime[RagContext]) -> Found:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        passages = chosen(state["evidence"], state["kept"])
        reading = NOTHING
        if passages:
            reading = await self._read(run, state, passages)
        cited = chosen(state["evidence"], reading.evidence_ids)
        method: Method = "hops" if state["thoughts"] else "read"
        language = state["language"]
        found = await checked(run, state["found"], reading, cited, method, language, passages)
        return {"found": better(state["found"], found), **run.ledger()}

    @staticmethod
    async def _read(run: Run, state: Held, passages: list[Evidence]) -> Reading:
        question, language = state["standalone"], state["language"]
        if not state["thoughts"]:
            return await read(run, question, passages, language)
        # IRCoT's reader sees the chain of thought beside the passages
        thoughts = "\n".join(f"- {thought}" for thought in state["thoughts"])
        return await conclude(run, question, passages, thoughts, language)


class Reasoned(RunState):
    standalone: str
    evidence: dict[str, Evidence]
    found: StepResult
    parents: dict[str, StepResult]


@dataclass(frozen=True)
class ReasonStep:
    """An operation that code could not do, done by the model on the parents' answers."""

    toolkit: Toolkit

    async def __call__(self, state: Reasoned, runtime: Runtime[RagContext]) -> Found:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        parents = state["parents"]
        facts = "\n".join(fact(parent) for parent in parents.values())
        reading = await combine(run, state["standalone"], facts, state["language"])
        ids = ids_of(parents)
        passages = chosen(state["evidence"], ids)
        found = await checked(run, state["found"], reading, passages, "reasoned", state["language"])
        return {"found": {**found, "evidence_ids": ids}, **run.ledger()}


class Settled(RunState):
    step: PlanStep
    found: StepResult


class Result(Ledger):
    results: dict[str, StepResult]


@dataclass(frozen=True)
class SettleStep:
    """What became of the step; an answer that its passages do not bear is none."""

    toolkit: Toolkit

    async def __call__(self, state: Settled, runtime: Runtime[RagContext]) -> Result:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        found = state["found"]
        if found["answer"] and not bearable(found, run.context):
            found = {**found, "answer": "", "method": "none"}
        return {"results": {found["id"]: found}, **run.ledger()}


async def checked(
    run: Run,
    step: StepResult,
    reading: Reading,
    passages: list[Evidence],
    method: Method,
    language: Language,
    held: Sequence[Evidence] = (),
) -> StepResult:
    """The reading as a result, with the support of its sentences by `passages`, or by one that is
    `held` where it cites a wrong one.
    """
    if not reading.answer:
        return blank(step["id"], step["question"])
    ids, score = [passage["id"] for passage in passages], None
    if passages:
        check = borne_by(run, reading.statement, passages, held, step["question"], language)
        # what was read stays when the budget ends or the model fails at the check
        [borne], _ = await settled(run, "support", check)
        ids, score = borne or (ids, None)
    return {
        **step,
        "answer": reading.answer,
        "reasoning": reading.statement,
        "evidence_ids": ids,
        "support": support_label(score, run.context.support_threshold),
        "support_score": score,
        "method": method,
    }


def stands(found: StepResult, context: RagContext) -> bool:
    """It has an answer, which was not found to lack support."""
    score = found["support_score"]
    return bool(found["answer"]) and (score is None or score >= context.support_threshold)


def bearable(found: StepResult, context: RagContext) -> bool:
    """As `stands`, at half the threshold: scores stay soft where every other way was tried.

    A wrong step shows again in the check of the conclusion; a missing one cannot be made up for.
    """
    score = found["support_score"]
    return bool(found["answer"]) and (score is None or score >= context.support_threshold / 2)


def better(old: StepResult, new: StepResult) -> StepResult:
    """The result with more support; a later one wins a tie."""
    if not new["answer"] or not old["answer"]:
        return new if new["answer"] else old
    return new if (new["support_score"] or 0.0) >= (old["support_score"] or 0.0) else old


def blank(key: str, question: str) -> StepResult:
    """A step without an answer."""
    return StepResult(
        id=key,
        question=question,
        answer="",
        reasoning="",
        evidence_ids=[],
        support="unchecked",
        support_score=None,
        method="none",
    )


def ids_of(results: dict[str, StepResult]) -> list[str]:
    """Passages that these results rest on, in order."""
    return list(dict.fromkeys(key for one in results.values() for key in one["evidence_ids"]))


def computed(
    run: Run, step: PlanStep, found: StepResult, parents: dict[str, StepResult], language: Language
) -> StepResult | None:
    """The operation done in code on the parents' values; None where these cannot be read.

    As certain as the least certain value that went in: the operation itself adds no doubt.
    """
    pairs = [(parent["question"], parent["answer"]) for parent in parents.values()]
    if run.context.faithful or not pairs:
        return None
    done = compute(step["op"], found["question"], pairs, language)
    if done is None:
        return None
    scores = [parent["support_score"] for parent in parents.values()]
    known = [score for score in scores if score is not None]
    supports: list[Support] = [parent["support"] for parent in parents.values()]
    return {
        **found,
        "answer": done.answer,
        "reasoning": done.explanation,
        "evidence_ids": ids_of(parents),
        "support": min(supports, key=WORST_FIRST.index),
        "support_score": min(known) if len(known) == len(scores) else None,
        "method": "computed",
    }
