"""The last node: status, used passages, what is missing. No model is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NotRequired

from langgraph.runtime import Runtime

from churon.nodes.common import RunState, chosen
from churon.nodes.decide import status_of
from churon.nodes.grade import relevant
from churon.tools.context import RagContext
from churon.tools.run import Ledger
from churon.tools.toolkit import Toolkit
from churon.tools.types import Claim, Evidence, Status, Usage

NOTHING_FOUND = {
    "en": "The documents do not hold an answer to this question.",
    "ko": "이 질문에 대한 답을 문서에서 찾지 못했습니다.",
}
OUT_OF_BUDGET = {
    "en": "The run's budget was used up before an answer was found.",
    "ko": "답을 찾기 전에 실행 예산을 모두 썼습니다.",
}


class Settled(RunState):
    standalone: str
    answer: str
    claims: list[Claim]
    evidence: dict[str, Evidence]
    stop_reason: str
    missing: list[str]
    """Facts that a plan could not find; the question itself where nothing is more exact."""
    ended: NotRequired[str]
    """Why a search stopped; before a budget ended, so that its winner could be checked still."""
    retrieval: NotRequired[bool]


class Output(Ledger):
    answer: str
    claims: list[Claim]
    evidence: dict[str, Evidence]
    status: Status
    missing: list[str]
    stop_reason: str
    usage: Usage
    steps: list[dict[str, Any]]


@dataclass(frozen=True)
class Finish:
    """An answer stands when a passage bears it; otherwise the run abstains and says so.

    `abstain_unsupported`: an answer without any supported sentence is withheld, as in Self-RAG's
    "nothing passes"; where nothing checks support, the answer is shown as it is.
    """

    toolkit: Toolkit
    abstain_unsupported: bool = True
    weigh_relevance: bool = True
    """Relevance is to the question itself; graphs that ask other questions on the way have passages
    that are relevant to those."""
    last: bool = True
    """The run ends here; inside `auto` another graph may go on with it."""

    async def __call__(self, state: Settled, runtime: Runtime[RagContext]) -> Output:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        stop, claims = state["stop_reason"], state["claims"]
        status = status_of(claims) if state["answer"] else "abstained"
        searched = state.get("retrieval", True)
        if status == "ungrounded" and searched and self.abstain_unsupported:
            status = "abstained"
        off_topic = self.weigh_relevance and not self._relevant(state, run.context)
        if status == "grounded" and (off_topic or state["missing"]):
            status = "partial"  # supported by a passage about something else, or not all of it
        answer = state["answer"]
        if status == "abstained":
            answer, claims = NOTHING_FOUND[state["language"]], []
        stop = stop or state.get("ended", "")
        if stop.startswith("budget") and (state["stop_reason"] or status != "grounded"):
            status = "budget_exhausted"
            answer = answer if claims else OUT_OF_BUDGET[state["language"]]
        if self.last:
            self.toolkit.forget(state["run"])
        return {
            "answer": answer,
            "claims": claims,
            "evidence": used(state["evidence"], claims),
            "status": status,
            "missing": state["missing"] or ([] if claims else [state["standalone"]]),
            "stop_reason": stop or _reason(claims),
            "steps": [{"step": "finish", "status": status}],
            "usage": run.usage(),
            **run.ledger(),
        }

    @staticmethod
    def _relevant(state: Settled, context: RagContext) -> bool:
        ids = [key for claim in state["claims"] for key in claim["evidence_ids"]]
        passages = chosen(state["evidence"], ids)
        return any(relevant(passage, context.relevance_threshold) for passage in passages)


def _reason(claims: list[Claim]) -> str:
    return "answered" if claims else "nothing_supported"


def used(evidence: dict[str, Evidence], claims: list[Claim]) -> dict[str, Evidence]:
    """Every passage seen, with the claims ("c1", "c2", …) that rest on it."""
    by_passage: dict[str, list[str]] = {}
    for number, claim in enumerate(claims, 1):
        for key in claim["evidence_ids"]:
            by_passage.setdefault(key, []).append(f"c{number}")
    return {
        key: {**passage, "used_by": by_passage.get(key, [])} for key, passage in evidence.items()
    }
