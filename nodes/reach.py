"""Retrieval for one beam of the long form: with the question and its latest sentence."""

from __future__ import annotations

from dataclasses import dataclass

from langgraph.runtime import Runtime

from churon.nodes.common import RunState, together
from churon.nodes.critique import relevance_of
from churon.nodes.rerank import ranked
from churon.tools.context import RagContext
from churon.tools.run import Ledger, Run
from churon.tools.toolkit import Toolkit
from churon.tools.types import Beam, Evidence, Filter, Language


class Sole(RunState):
    standalone: str
    filter: Filter | None
    beam: Beam


class Reached(Ledger):
    reach: dict[str, list[str]]
    """Beam id -> passages to go on from, best first."""
    evidence: dict[str, Evidence]
    queries: list[str]


@dataclass(frozen=True)
class Reach:
    """Search, rerank and grade again for (question, previous sentence); equal ones are cached."""

    toolkit: Toolkit

    async def __call__(self, state: Sole, runtime: Runtime[RagContext]) -> Reached:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        beam, question = state["beam"], state["standalone"]
        said = beam["claims"][-1]["text"] if beam["claims"] else ""
        query = f"{question} {said}".strip()
        best = await run.rerank(query, await run.search(query, state["filter"]))
        passages = list(ranked(best)["evidence"].values())
        graded = await together(
            *(_graded(run, passage, question, state["language"]) for passage in passages)
        )
        held = {passage["id"]: passage for passage in graded}
        return {
            "reach": {beam["id"]: list(held)},
            "evidence": held,
            "queries": [query],
            **run.ledger(),
        }


async def _graded(run: Run, passage: Evidence, question: str, language: Language) -> Evidence:
    relevance = await relevance_of(run, passage, question, language)
    return {**passage, "relevance": relevance}
