"""What the question itself finds, beside the steps of its plan: passages for the conclusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from langgraph.runtime import Runtime

from churon.nodes.common import RunState
from churon.nodes.rerank import ranked
from churon.tools.context import RagContext
from churon.tools.run import Ledger
from churon.tools.toolkit import Toolkit
from churon.tools.types import Evidence, Filter


class Whole(RunState):
    standalone: str
    filter: Filter | None
    planned: int
    """Steps of the plan, whose searches come first."""


class Surveyed(Ledger):
    evidence: dict[str, Evidence]
    top: list[str]
    queries: list[str]
    steps: list[dict[str, Any]]


@dataclass(frozen=True)
class Survey:
    """Search and rerank for the whole question, while more searches are left than steps."""

    toolkit: Toolkit

    async def __call__(self, state: Whole, runtime: Runtime[RagContext]) -> Surveyed | Ledger:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        left = run.context.limits.searches - run.usage()["searches"]
        question = state["standalone"]
        if left <= state["planned"]:
            return run.ledger()
        found = await run.search(question, state["filter"])
        best = ranked(await run.rerank(question, found))
        return {
            "evidence": best["evidence"],
            "top": best["top"],
            "queries": [question],
            "steps": [{"step": "search", "query": question, "found": len(found)}],
            **run.ledger(),
        }
