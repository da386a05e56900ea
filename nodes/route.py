"""Which graph answers a question: by its plan first, by what came of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import Overwrite
from typing_extensions import TypedDict

from churon.nodes.common import RunState
from churon.nodes.decide import LOW_AGREEMENT, status_of
from churon.nodes.finish import NOTHING_FOUND, used
from churon.nodes.planner import planned
from churon.tools.context import RagContext
from churon.tools.run import Ledger
from churon.tools.toolkit import Toolkit
from churon.tools.types import Claim, Evidence, Language, Reasoner, Status

REASONS: dict[Language, dict[str, str]] = {
    "en": {
        "forced": "asked for by context.route",
        "one": "one fact answers it",
        "several": "{n} steps are needed",
        "nothing": "{graph} found no supported answer",
        "disagree": "candidates disagree (agreement {share:.2f})",
        "missing": "{graph} could not resolve: {fact}",
    },
    "ko": {
        "forced": "context.route로 정해짐",
        "one": "사실 하나로 답할 수 있음",
        "several": "{n}단계가 필요함",
        "nothing": "{graph}에서 뒷받침되는 답을 찾지 못함",
        "disagree": "후보들이 서로 다름 (일치도 {share:.2f})",
        "missing": "{graph}에서 풀지 못함: {fact}",
    },
}


class Asked(RunState):
    standalone: str


class Routed(Ledger):
    route: Reasoner
    steps: list[dict[str, Any]]


@dataclass(frozen=True)
class Route:
    """One step: self_rag in its short form; several: cot_rag, which then has its plan already."""

    toolkit: Toolkit

    async def __call__(self, state: Asked, runtime: Runtime[RagContext]) -> Routed:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        language = state["language"]
        if run.context.route != "auto":
            why = REASONS[language]["forced"]
            return {**_routed(run.context.route, why), **run.ledger()}
        plan = await planned(self.toolkit, run, state["standalone"], language)
        several = len(plan) > 1
        why = REASONS[language]["several" if several else "one"].format(n=len(plan))
        return {**_routed("cot_rag" if several else "self_rag", why), **run.ledger()}


class Answered(RunState):
    route: Reasoner
    answer: str
    status: Status | Literal[""]
    claims: list[Claim]
    missing: list[str]
    steps: list[dict[str, Any]]
    stop_reason: str


class Weighed(TypedDict, total=False):
    route: Reasoner
    verdict: Literal["search", "settle"]
    earlier: dict[str, Any]
    stop_reason: Any
    steps: list[dict[str, Any]]


@dataclass(frozen=True)
class Weigh:
    """An answer that does not stand, or over which candidates disagree, is searched for anew."""

    toolkit: Toolkit

    async def __call__(self, state: Answered, runtime: Runtime[RagContext]) -> Weighed:
        context = self.toolkit.run(state["run"], runtime.context, state["account"]).context
        over = state["stop_reason"].startswith("budget") or context.route != "auto"
        why = "" if over else doubt(state)
        if not why:
            return {"verdict": "settle"}
        return {
            "verdict": "search",
            "earlier": {
                "answer": state["answer"],
                "status": state["status"],
                "claims": state["claims"],
                "missing": state["missing"],
                "stop_reason": state["stop_reason"],
            },
            "stop_reason": Overwrite(""),
            **_routed("mcts_rag", why),
        }


def doubt(state: Answered) -> str:
    """Why the outcome is not good enough, in the run's language; "" when it is. Pure."""
    words, graph, status = REASONS[state["language"]], state["route"], state["status"]
    if status in ("", "abstained", "ungrounded"):  # "": it broke off, see Settle
        if graph == "cot_rag" and state["missing"]:
            return words["missing"].format(graph=graph, fact=state["missing"][0])
        return words["nothing"].format(graph=graph)
    share = agreement_of(state["steps"])
    if graph == "self_rag" and status != "grounded" and share < LOW_AGREEMENT:
        return words["disagree"].format(share=share)
    return ""


def agreement_of(steps: Sequence[Mapping[str, Any]]) -> float:
    """What the latest selection among candidates said; 1 where there was none."""
    found = [step["agreement"] for step in steps if "agreement" in step]
    return float(found[-1]) if found else 1.0


class Outcome(RunState):
    route: Reasoner
    standalone: str
    answer: str
    status: Status | Literal[""]
    claims: list[Claim]
    evidence: dict[str, Evidence]
    earlier: dict[str, Any]


@dataclass(frozen=True)
class Settle:
    """The end of the run: the better outcome, the later one where both are as good.

    A budget that ended the second graph stays the run's reason, whosever answer is given. A graph
    without a status broke off before its last node, and is taken for one that found nothing.
    """

    toolkit: Toolkit

    async def __call__(self, state: Outcome, runtime: Runtime[RagContext]) -> dict[str, Any]:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        self.toolkit.forget(state["run"])
        earlier = state["earlier"]
        kept: dict[str, Any] = {}
        if not state["status"]:
            run.degrade(f"{state['route']}:broke_off")
            kept = earlier if earlier.get("status") else _abstention(state)
        elif earlier.get("status") and worth(earlier["claims"]) > worth(state["claims"]):
            over = state["status"] == "budget_exhausted"
            names = ("answer", "claims", "missing") if over else tuple(earlier)
            kept = {name: earlier[name] for name in names}
            if not over:
                kept["stop_reason"] = Overwrite(earlier["stop_reason"])
        claims = kept.get("claims", state["claims"])
        evidence = used(state["evidence"], claims)
        return {**kept, "evidence": evidence, "usage": run.usage(), **run.ledger()}


def _abstention(state: Outcome) -> dict[str, Any]:
    return {
        "answer": NOTHING_FOUND[state["language"]],
        "status": "abstained",
        "claims": [],
        "missing": [state["standalone"]],
        "stop_reason": "broke_off",
    }


def worth(claims: Sequence[Claim]) -> int:
    """How well an answer stands: 0 for none, 1 unsupported, 2 partly, 3 fully. Pure."""
    order: tuple[Status, ...] = ("ungrounded", "partial", "grounded")
    return 1 + order.index(status_of(claims)) if claims else 0


class _Routed(TypedDict):
    route: Reasoner
    steps: list[dict[str, Any]]


def _routed(graph: Reasoner, why: str) -> _Routed:
    return {"route": graph, "steps": [{"step": "route", "graph": graph, "reason": why}]}
