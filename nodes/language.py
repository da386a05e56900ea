"""The language lock: a Korean question gets a Korean answer, from English passages too."""

from __future__ import annotations

import re
from dataclasses import dataclass

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from churon.nodes.cite import bare, claim
from churon.nodes.common import RunState, chosen, settled
from churon.nodes.critique import support_of
from churon.nodes.decide import WORST_FIRST, is_refusal, support_label
from churon.nodes.prompts import messages
from churon.nodes.sentences import sentences
from churon.tools.context import RagContext
from churon.tools.korean import detect_language
from churon.tools.models.base import Want
from churon.tools.run import Run
from churon.tools.toolkit import Toolkit
from churon.tools.types import Account, Claim, Evidence, Language, Support

_NAME_WORDS = 3
"""An answer of so few words may be a name, which has no language."""
_PREDICATE = re.compile(r"[다요]\s*[.!]?\s*$")
"""How a Korean sentence ends, however short; a name does not."""


class Answered(RunState):
    standalone: str
    answer: str
    claims: list[Claim]
    evidence: dict[str, Evidence]


class Restated(TypedDict, total=False):
    answer: str
    claims: list[Claim]
    account: Account
    degraded: list[str]


@dataclass(frozen=True)
class LockLanguage:
    """Restates an answer that came in the other language. What was checked is checked again: a
    document may have steered the new words. The worse of both judgements stays.
    """

    toolkit: Toolkit

    async def __call__(self, state: Answered, runtime: Runtime[RagContext]) -> Restated:
        language, answer = state["language"], state["answer"]
        if not strayed(answer, language):
            return {}
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        prompt = messages("restate", language, question=state["standalone"], answer=answer)
        written = await run.complete(prompt, Want(run.context.answer_tokens))
        restated = bare(written.text, list(state["evidence"].values()))
        if is_refusal(restated) or strayed(restated, language):
            run.degrade("language:not_kept")
            return {"answer": answer, "claims": state["claims"], **run.ledger()}
        run.degrade("language:restated")
        claims = carry(restated, state["claims"])
        checks = (self._again(run, one, state) for one in claims)
        found, _ = await settled(run, "restate", *checks)
        # a check that failed leaves the new words unchecked
        checked = [new or unchecked(old) for old, new in zip(claims, found, strict=True)]
        return {"answer": restated, "claims": checked, **run.ledger()}

    @staticmethod
    async def _again(run: Run, one: Claim, state: Answered) -> Claim:
        passages = chosen(state["evidence"], one["evidence_ids"])
        if one["support"] in ("unchecked", "none") or not passages:
            return one
        score = await support_of(run, one["text"], passages, state["standalone"], state["language"])
        if score is None:
            return unchecked(one)
        new: Claim = {
            **one,
            "support": support_label(score, run.context.support_threshold),
            "support_score": score,
        }
        return min(new, one, key=lambda claim: WORST_FIRST.index(claim["support"]))


def strayed(answer: str, language: Language) -> bool:
    """The answer is in the other language; names and numbers alone are in none."""
    if len(answer.split()) <= _NAME_WORDS and not _PREDICATE.search(answer):
        return False
    letters = any(character.isalpha() for character in answer)
    return letters and detect_language(answer) != language


def unchecked(one: Claim) -> Claim:
    """The claim in words that nobody judged."""
    return {**one, "support": "unchecked", "support_score": None}


def carry(restated: str, claims: list[Claim]) -> list[Claim]:
    """The claims in new words: one for one where the sentences match, else one for all."""
    parts = sentences(restated)
    if len(parts) == len(claims):
        return [{**old, "text": part} for old, part in zip(claims, parts, strict=True)]
    ids = list(dict.fromkeys(key for old in claims for key in old["evidence_ids"]))
    worst: Support = min(
        (old["support"] for old in claims), key=WORST_FIRST.index, default="unchecked"
    )
    scores = [s for old in claims if (s := old["support_score"]) is not None]
    whole = claim(restated, ids)
    return [{**whole, "support": worst, "support_score": min(scores, default=None)}]
