"""One tool-calling agent over the same search: what a graph must beat to be worth its edges.

LangChain's `create_agent` with `search` and `cite`, within the run's budget. The answer's sentences
rest on what `cite` was called with; nothing grades passages and nothing checks support, as in
two_stage. Models that cannot call tools (the embedded one) say what to do in JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import BaseMessage
from langgraph.runtime import Runtime

from churon.evals.baselines.notebook import Notebook
from churon.evals.baselines.one_node import one_node
from churon.evals.baselines.turns import Asked, Turns
from churon.evals.prompts import PROMPTS
from churon.graphs.machine import RagGraph
from churon.nodes.common import RunState
from churon.tools.context import RagContext
from churon.tools.errors import BudgetExhausted
from churon.tools.run import Ledger
from churon.tools.toolkit import Toolkit
from churon.tools.types import Claim, Evidence, Filter


class Question(RunState):
    standalone: str
    filter: Filter | None


class Worked(Ledger):
    answer: str
    claims: list[Claim]
    evidence: dict[str, Evidence]
    queries: list[str]
    steps: list[dict[str, Any]]
    stop_reason: str


@dataclass(frozen=True)
class Act:
    """The whole agent; where the budget ends, what was cited until then is the answer."""

    toolkit: Toolkit

    async def __call__(self, state: Question, runtime: Runtime[RagContext]) -> Worked:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        notes = Notebook(run, state["filter"])
        port = await self.toolkit.chat(run.context.model)
        language, standalone = state["language"], state["standalone"]
        system, question = PROMPTS.messages("agent", language, question=standalone)
        asked = Asked(standalone, language, system)
        agent: Any = create_agent(
            port.model,
            notes.tools(),
            system_prompt=system.text,
            middleware=[Turns(notes, port, asked)],
            checkpointer=False,  # its messages are no state of ours
        )
        final, reason = "", ""
        try:
            final = _final(await agent.ainvoke({"messages": [question]}))
        except BudgetExhausted as spent:
            reason = spent.reason
        claims = notes.claims(final)
        return {
            "answer": " ".join(one["text"] for one in claims),
            "claims": claims,
            "evidence": notes.evidence,
            "queries": notes.queries,
            "steps": notes.steps,
            "stop_reason": reason,
            **run.ledger(),
        }


def _final(output: dict[str, Any]) -> str:
    last: BaseMessage = output["messages"][-1]
    return last.text.strip()


def build(toolkit: Toolkit, *, checkpointer: Any = None) -> RagGraph:
    """The graph over these resources."""
    return one_node("agent", "act", Act(toolkit), toolkit, checkpointer)
