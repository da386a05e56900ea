"""A question of the search looked up: read from its passages; then the findings as one draft."""

from __future__ import annotations

from dataclasses import dataclass

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from churon.nodes.common import RunState, chosen
from churon.nodes.reading import read
from churon.nodes.trail import drafted
from churon.tools.context import RagContext
from churon.tools.run import Ledger
from churon.tools.toolkit import Toolkit
from churon.tools.types import Draft, Evidence


class Searched(RunState):
    standalone: str
    """The question looked up."""
    evidence: dict[str, Evidence]
    kept: list[str]


class Findings(Ledger):
    findings: dict[str, Draft]


@dataclass(frozen=True)
class ReadFinding:
    """What the passages say about one question; they stay at hand also when they hold no answer."""

    toolkit: Toolkit

    async def __call__(self, state: Searched, runtime: Runtime[RagContext]) -> Findings:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        question = state["standalone"]
        passages = chosen(state["evidence"], state["kept"])
        reading = await read(run, question, passages, state["language"])
        draft = drafted(reading.statement, question, reading.answer)
        # cited ones first: the final prompt may not have room for all
        ids = dict.fromkeys([*reading.evidence_ids, *state["kept"]])
        return {
            "findings": {question: {**draft, "evidence_ids": list(ids), "claims": reading.claims}},
            **run.ledger(),
        }


class Woven(RunState):
    asks: list[str]
    findings: dict[str, Draft]


class Drafted(TypedDict):
    draft: Draft


@dataclass(frozen=True)
class Weave:
    """One draft of all findings, in the order they were asked for."""

    toolkit: Toolkit

    async def __call__(self, state: Woven, runtime: Runtime[RagContext]) -> Drafted:
        found = [state["findings"][ask] for ask in state["asks"] if ask in state["findings"]]
        if len(found) == 1:
            return {"draft": found[0]}
        lines = [f"{one['query']} → {one['answer']}" for one in found if one["answer"]]
        ids = dict.fromkeys(key for one in found for key in one["evidence_ids"])
        draft = drafted("; ".join(lines), " / ".join(state["asks"]))
        return {"draft": {**draft, "evidence_ids": list(ids)}}
