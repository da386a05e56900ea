"""IRCoT (Trivedi et al. 2023, arXiv 2212.10509): the last new sentence is the next query."""

from __future__ import annotations

from dataclasses import dataclass

from langgraph.runtime import Runtime

from churon.nodes.common import RunState, chosen
from churon.nodes.decide import is_refusal, normalised
from churon.nodes.prompts import fitting, messages, numbered
from churon.nodes.uncut import thought_of
from churon.tools.context import RagContext
from churon.tools.models.base import Want
from churon.tools.run import Ledger
from churon.tools.toolkit import Toolkit
from churon.tools.types import Evidence


class Thinking(RunState):
    standalone: str
    evidence: dict[str, Evidence]
    top: list[str]
    kept: list[str]
    thoughts: list[str]
    queries: list[str]


class Thought(Ledger):
    thoughts: list[str]
    query: str
    """The new thought, to be searched for; "" when nothing new comes to mind."""
    asked: str
    """The same: what is found is reranked for it."""
    graded: bool
    """False: what leads on to the answer says nothing of the question yet, so that a critic who is
    asked about that refuses it (of seven such passages the 1.5B refused seven).
    """


@dataclass(frozen=True)
class Hop:
    """The next thought on the way to the step's answer, from the passages found so far."""

    toolkit: Toolkit

    async def __call__(self, state: Thinking, runtime: Runtime[RagContext]) -> Thought:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        # passages graded irrelevant may still name what to look for next
        ids = list(dict.fromkeys([*state["kept"], *state["top"]]))
        passages = fitting(chosen(state["evidence"], ids), await run.room())
        thoughts = state["thoughts"]
        prompt = messages(
            "hop",
            state["language"],
            passages=numbered(passages) or "-",
            question=state["standalone"],
            thoughts="\n".join(f"- {thought}" for thought in thoughts) or "-",
        )
        want = Want(run.context.answer_tokens, run.context.temperature)
        written = await run.complete(prompt, want)
        new = "" if is_refusal(written.text) else thought_of(run, written)
        known = {normalised(said) for said in [*thoughts, *state["queries"]]}
        if normalised(new) in known:
            new = ""
        return {
            "thoughts": [*thoughts, new] if new else thoughts,
            "query": new,
            "asked": new,
            "graded": False,
            **run.ledger(),
        }
