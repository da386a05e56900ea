"""One action of the search: what it asks and writes (MCTS-RAG A1 to A6; AirRAG's transform)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from churon.nodes.common import RunState
from churon.nodes.decide import is_refusal
from churon.nodes.plan_invalid import PlanInvalid
from churon.nodes.plans import QUESTION_CHARS, checked_plan, plan_schema
from churon.nodes.prompts import fitting, messages, numbered
from churon.nodes.reading import recall
from churon.nodes.rewrite import first_line, is_among
from churon.nodes.structured import ask_json
from churon.nodes.trail import drafted, ending, facts_of, summary
from churon.nodes.tree import base
from churon.nodes.uncut import thought_of
from churon.tools.context import RagContext
from churon.tools.models.base import Want
from churon.tools.run import Run
from churon.tools.toolkit import Toolkit
from churon.tools.types import Account, Draft, Evidence, Filter, Play, TreeNode

_QUERY_TOKENS = 48
_STEP_TOKENS = 96
MOST_PARTS = 3
"""Sub-questions of one decomposition."""
PARTS_SCHEMA = {
    "type": "object",
    "properties": {
        "questions": {
            "type": "array",
            "items": {"type": "string", "maxLength": QUESTION_CHARS},
            "minItems": 1,
            "maxItems": MOST_PARTS,
        }
    },
    "required": ["questions"],
    "additionalProperties": False,
}


class Leaf(RunState):
    """What one branch of the fan-out gets."""

    standalone: str
    filter: Filter | None
    play: Play
    path: list[TreeNode]
    """From the root to where the play is."""
    siblings: list[str]
    """Queries that were tried from there."""
    evidence: dict[str, Evidence]
    """What the path rests on."""


class Acted(TypedDict, total=False):
    draft: Draft
    asks: list[str]
    """Questions to be looked up before there is a draft."""
    graded: bool
    """Whether their passages are graded."""
    account: Account
    degraded: list[str]


@dataclass(frozen=True)
class Act:
    """Writes the draft of an action, or the questions that it must look up first."""

    toolkit: Toolkit

    async def __call__(self, state: Leaf, runtime: Runtime[RagContext]) -> Acted:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        action = base(state["play"]["action"])
        made: Acted = await _DO[action](run, state)
        return {**made, "graded": run.context.profile == "deep", **run.ledger()}


async def _summarise(run: Run, state: Leaf) -> Acted:
    """A6: an answer from all that the path found."""
    question, language = state["standalone"], state["language"]
    reading = await summary(run, question, language, state["path"], state["evidence"])
    return {"asks": [], "draft": ending(state["standalone"], reading)}


async def _direct(run: Run, state: Leaf) -> Acted:
    """A1: an answer from the model's own knowledge."""
    reading = await recall(run, state["standalone"], facts_of(state["path"]), state["language"])
    return {"asks": [], "draft": ending(state["standalone"], reading)}


async def _reason(run: Run, state: Leaf) -> Acted:
    """A2: one more thought."""
    passages = fitting(list(state["evidence"].values()), await run.room())
    prompt = messages(
        "hop",
        state["language"],
        passages=numbered(passages) or "-",
        question=state["standalone"],
        thoughts=facts_of(state["path"]) or "-",
    )
    want = Want(run.context.answer_tokens, run.context.sampling, seed_of(run, state))
    written = await run.complete(prompt, want)
    text = "" if is_refusal(written.text) else thought_of(run, written)
    return {"asks": [], "draft": drafted(text=text)}


async def _subquestion(run: Run, state: Leaf) -> Acted:
    """A3: the next question on the way, answered from what is known."""
    query = await next_query(run, state)
    reading = await recall(run, query, facts_of(state["path"]), state["language"])
    draft = drafted(query=query, answer=reading.answer, text=reading.statement)
    return {"asks": [], "draft": draft}


async def _transform(run: Run, state: Leaf) -> Acted:
    """AirRAG's QT: another query, still to be searched for."""
    known = facts_of(state["path"])
    query = await (next_query if known else first_query)(run, state)
    return {"asks": [], "draft": drafted(query="" if is_among(query, asked_of(state)) else query)}


async def _retrieve(run: Run, state: Leaf) -> Acted:
    """A4: the query at hand, the question itself at the root, else the next one on the way."""
    last = state["path"][-1]
    waiting = last["action"] in ("root", "transform")
    return {"asks": [last["query"] if waiting else await next_query(run, state)]}


async def _decompose(run: Run, state: Leaf) -> Acted:
    """A5: parts of the question that are looked up side by side."""
    prompt = messages("decompose", state["language"], question=state["standalone"])
    heat, seed = run.context.sampling, seed_of(run, state)
    raw = await ask_json(run, prompt, PARTS_SCHEMA, 120, temperature=heat, seed=seed)
    parts = raw.get("questions") if isinstance(raw, dict) else None
    lines = [first_line(one, state["standalone"]) for one in parts or [] if isinstance(one, str)]
    asked = [line for line in lines if line]
    kept = [part[:QUESTION_CHARS] for part in dict.fromkeys(asked)][:MOST_PARTS]
    return {"asks": kept or [state["standalone"]]}


_DO: dict[str, Any] = {
    "summarise": _summarise,
    "direct": _direct,
    "reason": _reason,
    "subquestion": _subquestion,
    "transform": _transform,
    "retrieve": _retrieve,
    "decompose": _decompose,
}


async def first_query(run: Run, state: Leaf) -> str:
    """What a sampled plan would look up first; the question itself where there is no plan.

    Asked for a next question without any fact, a small model repeats the whole one.
    """
    prompt = messages("plan", state["language"], question=state["standalone"], cases="")
    most, heat, seed = run.context.max_steps, run.context.sampling, seed_of(run, state)
    # its first step is all that is wanted
    raw = await ask_json(
        run, prompt, plan_schema(most), _STEP_TOKENS, temperature=heat, seed=seed, stop=("},",)
    )
    try:
        return checked_plan(raw, most)[0]["question"]
    except PlanInvalid:
        return state["standalone"]


async def next_query(run: Run, state: Leaf) -> str:
    """A sampled question for the next fact; the question itself when the model gives none."""
    queries = "\n".join(f"- {query}" for query in asked_of(state))
    prompt = messages(
        "query",
        state["language"],
        question=state["standalone"],
        facts=facts_of(state["path"]) or "-",
        queries=queries,
    )
    want = Want(_QUERY_TOKENS, run.context.sampling, seed_of(run, state))
    written = (await run.complete(prompt, want)).text
    line = first_line(written, state["standalone"])[:QUESTION_CHARS]
    return state["standalone"] if is_refusal(line) else line


def asked_of(state: Leaf) -> list[str]:
    """The question, and what was asked on the path and beside it."""
    asked = [node["query"] for node in state["path"] if node["query"]]
    return list(dict.fromkeys([*asked, *state["siblings"]]))


def seed_of(run: Run, state: Leaf) -> int:
    """The same for the same place in the same search, also after a resume."""
    play = state["play"]
    place = f"{run.context.seed}/{play['at']}/{play['action']}"
    return zlib.crc32(place.encode()) & 0x7FFFFFFF
