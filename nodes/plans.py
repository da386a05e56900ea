"""Plans of CoT-RAG: what a valid one is, which steps are ready, what is missing. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from churon.nodes.cite import overlap
from churon.nodes.decide import normalised
from churon.nodes.meaning import without_copula
from churon.nodes.plan_invalid import PlanInvalid
from churon.tools.types import Op, PlanStep, StepResult
from churon.tools.values import PARTICLE, agreeing

OPS: tuple[str, ...] = get_args(Op)
SEARCHING = ("lookup", "filter")
"""Operations that ask the documents; the others work on earlier answers where there are any."""
QUESTION_CHARS = 300
PLACE = re.compile(r"#(\d{1,3})")
_FILLED = re.compile(rf"{PLACE.pattern}((?:{PARTICLE})(?!\w))?")
# "that" after a noun opens a clause, "the museum that stands in Aren", and points at nothing
_POINTING = re.compile(
    r"\b(?:this|these|those)\b(?! (?:is|are|who|which|that)\b)|(?:^|\b(?:in|of|at|on|by|to|for|from"
    r"|with|did|does|do|was|is|were|are) )that\b(?! (?:is|was|are|were)\b)"
    r"|\bthat(?: (?:same )?\w+)?(?=\W*$)"
    r"|(?:^|\s)(?:그|이|해당)\s",
    re.IGNORECASE,
)
_ABOUT = 0.5
"""Share of a step's bigrams that the last one has if it is about the same."""


def literal(question: str) -> str:
    """A user's question without placeholders: "the #1 hit" asks for no step's answer."""
    return PLACE.sub("＃\\1", question)


def plan_schema(most: int) -> dict[str, Any]:
    """JSON schema of what the planner writes: only questions and operations, the rest is derived.

    Fewer things to write are fewer things for a small model to get wrong.
    """
    step = {
        "type": "object",
        "properties": {
            "op": {"type": "string", "enum": list(OPS)},
            "question": {"type": "string", "minLength": 3, "maxLength": QUESTION_CHARS},
        },
        "required": ["op", "question"],
        "additionalProperties": False,
    }
    steps = {"type": "array", "minItems": 1, "maxItems": most, "items": step}
    return {
        "type": "object",
        "properties": {"steps": steps},
        "required": ["steps"],
        "additionalProperties": False,
    }


def one_step(question: str) -> list[PlanStep]:
    """The plan of a question that needs no planning."""
    return [PlanStep(id="1", question=question, depends_on=[], op="lookup", needs_retrieval=True)]


def checked_plan(raw: Any, most: int) -> list[PlanStep]:
    """A plan from a model, a case or a person: `[step, …]` or `{"steps" or "plan": [step, …]}`.

    A step needs a question; id, op, depends_on and needs_retrieval may be left out. Raises
    PlanInvalid: for no step or more than `most`, an unknown op, an id twice, a `#n` or dependency
    that is no step, or a cycle.
    """
    if isinstance(raw, Mapping):
        raw = raw.get("steps", raw.get("plan"))
    if not isinstance(raw, (list, tuple)):
        raise PlanInvalid("no_list")
    if not 1 <= len(raw) <= most:
        raise PlanInvalid("length", n=len(raw), most=most)
    steps = [_step(one, number) for number, one in enumerate(raw, 1)]
    if len(steps) > 2 and not {"depends_on", "needs_retrieval"} & set(raw[-1]):
        steps[-1] = _gathering(steps)
    ids = [step["id"] for step in steps]
    if len(set(ids)) != len(ids):
        raise PlanInvalid("same_id")
    for step in steps:
        if lost := [key for key in step["depends_on"] if key not in ids]:
            raise PlanInvalid("lost", id=step["id"], to=lost[0])
    if len(in_order(steps)) != len(steps):
        raise PlanInvalid("circle")
    return steps


def _step(raw: Any, number: int) -> PlanStep:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("question"), str):
        raise PlanInvalid("no_question", n=number)
    question = " ".join(raw["question"].split())
    if not normalised(PLACE.sub("", question)) or len(question) > QUESTION_CHARS:
        raise PlanInvalid("asks", n=number, most=QUESTION_CHARS)
    if number > 1 and not PLACE.search(question) and not raw.get("depends_on"):
        question = _anchored(question, number - 1)
    op = raw.get("op", "lookup")
    if op not in OPS:
        raise PlanInvalid("op", n=number, op=op)
    key, given = str(raw.get("id", number)), raw.get("depends_on", [])
    if not isinstance(given, (list, tuple)) or not re.fullmatch(r"\d{1,2}", key):
        raise PlanInvalid("id", n=number, id=key)
    depends = list(dict.fromkeys([*map(str, given), *PLACE.findall(question)]))
    needs = raw.get("needs_retrieval")
    if not isinstance(needs, bool):
        needs = op in SEARCHING or not depends
    return PlanStep(
        id=key, question=question, depends_on=depends, op=op, needs_retrieval=needs or not depends
    )


def _gathering(steps: Sequence[PlanStep]) -> PlanStep:
    """The last step; an operation that names no step's answer, and asks about what all of them ask
    about, works on all.
    """
    *others, last = steps
    rested = any(last["id"] in step["depends_on"] for step in others)
    if last["op"] in SEARCHING or last["depends_on"] or rested:
        return last
    if any(overlap(step["question"], last["question"]) < _ABOUT for step in others):
        return last
    return {**last, "depends_on": [step["id"] for step in others], "needs_retrieval": False}


def _anchored(question: str, before: int) -> str:
    """A question about "this" or "그" something means the answer before it, unsaid."""
    return f"{question} (#{before})" if _POINTING.search(question) else question


def in_order(steps: Sequence[PlanStep]) -> list[PlanStep]:
    """The steps so that each comes after what it depends on; those in a circle are left out."""
    done: set[str] = set()
    ordered, waiting = [], list(steps)
    while ready := [step for step in waiting if done.issuperset(step["depends_on"])]:
        ordered += ready
        done |= {step["id"] for step in ready}
        waiting = [step for step in waiting if step not in ready]
    return ordered


def ready(plan: Sequence[PlanStep], results: Mapping[str, StepResult]) -> list[PlanStep]:
    """Steps without a result whose parents all have an answer."""
    answered = {key for key, result in results.items() if result["answer"]}
    return [
        step
        for step in (plan[:-1] if gathers(plan) else plan)
        if step["id"] not in results and answered.issuperset(step["depends_on"])
    ]


def answered(result: StepResult | None) -> bool:
    """The step has an answer."""
    return result is not None and bool(result["answer"])


def unresolved(plan: Sequence[PlanStep], results: Mapping[str, StepResult]) -> list[PlanStep]:
    """Steps that were tried and have no answer."""
    return [step for step in plan if step["id"] in results and not results[step["id"]]["answer"]]


def critical(plan: Sequence[PlanStep], results: Mapping[str, StepResult]) -> set[str]:
    """Steps that the answer cannot do without: those others rest on, and the last one.

    Of facts that are only gathered one may be missing, the answer is then partial; not all.
    """
    if not gathers(plan):
        return {key for step in plan for key in step["depends_on"]} | {s["id"] for s in plan[-1:]}
    gathered = plan[:-1]
    rested = {key for step in gathered for key in step["depends_on"]}
    found = any(key in results and results[key]["answer"] for key in (s["id"] for s in gathered))
    return rested if found else {step["id"] for step in gathered}


def gathers(plan: Sequence[PlanStep]) -> bool:
    """The last step only puts the others' answers together, which is what the conclusion does."""
    rested = {key for step in plan for key in step["depends_on"]}
    return len(plan) > 1 and plan[-1]["op"] == "synthesise" and plan[-1]["id"] not in rested


def renumbered(steps: Sequence[PlanStep], first: int) -> list[PlanStep]:
    """The steps with ids from `first` on, their references with them."""
    new = {step["id"]: str(first + place) for place, step in enumerate(steps)}

    def moved(step: PlanStep) -> PlanStep:
        question = step["question"]
        # longest first: #12 before #1
        for old in sorted(step["depends_on"], key=len, reverse=True):
            question = question.replace(f"#{old}", f"#\0{new[old]}")
        depends = [new[old] for old in step["depends_on"]]
        question = question.replace("\0", "")
        return {**step, "id": new[step["id"]], "question": question, "depends_on": depends}

    return [moved(step) for step in steps]


def filled(question: str, results: Mapping[str, StepResult]) -> str:
    """The question with each `#n` replaced by that step's answer, a Korean ending after it by the
    form that the answer takes. In one pass: an answer may hold a number sign itself.
    """

    def put(found: re.Match[str]) -> str:
        result = results.get(found[1])
        answer = without_copula(result["answer"]) if result else ""
        return answer + agreeing(answer, found[2] or "") if answer else found[0]

    return " ".join(_FILLED.sub(put, question).split())


def fact(result: StepResult) -> str:
    """One result as a line of a prompt."""
    said = result["reasoning"]
    return f"- {result['question']} → {result['answer']}" + (f" ({said})" if said else "")


def stuck(plan: Sequence[PlanStep], results: Mapping[str, StepResult]) -> bool:
    """A step that the answer cannot do without was tried in vain."""
    needed = critical(plan, results)
    return any(step["id"] in needed for step in unresolved(plan, results))


def missing_facts(results: Mapping[str, StepResult], question: str) -> list[str]:
    """Questions that no step could answer, also of plans that were given up; the whole question
    only where there is nothing more exact.
    """
    found = {normalised(one["question"]) for one in results.values() if one["answer"]}
    lost = [one["question"] for one in results.values() if not one["answer"]]
    lost = [one for one in dict.fromkeys(lost) if normalised(one) not in found]
    return [one for one in lost if normalised(one) != normalised(question)] or lost


def unasked(plan: Sequence[PlanStep], results: Mapping[str, StepResult]) -> list[str]:
    """Questions of steps that could be asked and were not: the budget ended before."""
    return [filled(step["question"], results) for step in ready(plan, results)]
