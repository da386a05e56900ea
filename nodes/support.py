"""Checking: one candidate's critiques (IsSup, IsUse), or the support of each sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NotRequired

from langgraph.runtime import Runtime

from churon.nodes.cite import attribute
from churon.nodes.common import PassageState, RunState, chosen, settled, together
from churon.nodes.critique import borne_by, support_of, utility_of
from churon.nodes.decide import support_label
from churon.tools.context import RagContext
from churon.tools.run import Ledger, Run
from churon.tools.toolkit import Toolkit
from churon.tools.types import Candidate, Claim, Evidence


class Sole(PassageState):
    candidate: Candidate


class Critiqued(Ledger):
    candidates: dict[str, Candidate]


@dataclass(frozen=True)
class Critique:
    """IsSup and IsUse of one candidate, asked at once; a weight of 0 asks nothing."""

    toolkit: Toolkit

    async def __call__(self, state: Sole, runtime: Runtime[RagContext]) -> Critiqued:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        candidate, passage = state["candidate"], state["passage"]
        question, language = state["standalone"], state["language"]
        support, utility = await together(
            support_of(run, candidate["text"], [passage], question, language),
            utility_of(run, candidate["text"], question, language),
        )
        judged: Candidate = {**candidate, "s_sup": support, "s_use": utility}
        return {"candidates": {candidate["evidence_id"]: judged}, **run.ledger()}


class Drafted(RunState):
    standalone: str
    evidence: dict[str, Evidence]
    kept: list[str]
    claims: list[Claim]
    standby: NotRequired[list[Claim]]
    """Absent from what was saved before there was such a channel."""


class Checked(Ledger):
    claims: list[Claim]
    stop_reason: str


class Restored(Checked):
    answer: str


@dataclass(frozen=True)
class CheckClaims:
    """Support of every sentence that was not checked yet, all at once, by its own passages.

    Where none has any, the sentences on `standby` stand, if one of these has.
    """

    toolkit: Toolkit

    async def __call__(self, state: Drafted, runtime: Runtime[RagContext]) -> Checked | Restored:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        claims, reason = await self._checked(run, state["claims"], state)
        standby = state.get("standby", [])
        if unsupported(claims) and standby and not reason:
            before, reason = await self._checked(run, standby, state)
            if any(one["support"] in ("full", "partial") for one in before):
                answer = " ".join(one["text"] for one in before)
                return {"answer": answer, "claims": before, "stop_reason": reason, **run.ledger()}
        return {"claims": claims, "stop_reason": reason, **run.ledger()}

    async def _checked(
        self, run: Run, given: list[Claim], state: Drafted
    ) -> tuple[list[Claim], str]:
        claims = attribute(given, chosen(state["evidence"], state["kept"]))
        checks = (self._check(run, one, state) for one in claims)
        results, reason = await settled(run, "check", *checks)
        # what was checked stays checked when the budget ends or the model fails in between
        return [result or one for one, result in zip(claims, results, strict=True)], reason

    @staticmethod
    async def _check(run: Run, one: Claim, state: Drafted) -> Claim:
        passages = chosen(state["evidence"], one["evidence_ids"])
        if one["support"] != "unchecked" or not passages:
            return one
        held = chosen(state["evidence"], state["kept"])
        question, language = state["standalone"], state["language"]
        ids, score = await borne_by(run, one["text"], passages, held, question, language)
        label = support_label(score, run.context.support_threshold)
        return {**one, "support": label, "support_score": score, "evidence_ids": ids}


def unsupported(claims: Sequence[Claim]) -> bool:
    """No sentence has a passage that bears it, as far as is known."""
    return all(one["support"] == "none" or not one["evidence_ids"] for one in claims)
