"""The language lock: a Korean question gets a Korean answer, from English passages too."""

from __future__ import annotations

import re
from dataclasses import dataclass

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from churon.nodes.cite import claim
from churon.nodes.common import RunState
from churon.nodes.decide import is_refusal
from churon.nodes.prompts import messages
from churon.nodes.sentences import sentences
from churon.tools.context import RagContext
from churon.tools.korean import detect_language
from churon.tools.models.base import Want
from churon.tools.toolkit import Toolkit
from churon.tools.types import Account, Claim, Language, Support

_NAME_WORDS = 3
"""An answer of so few words may be a name, which has no language."""
_PREDICATE = re.compile(r"[다요]\s*[.!]?\s*$")
"""How a Korean sentence ends, however short; a name does not."""
_WORST: tuple[Support, ...] = ("none", "unchecked", "partial", "full")


class Answered(RunState):
    standalone: str
    answer: str
    claims: list[Claim]


class Restated(TypedDict, total=False):
    answer: str
    claims: list[Claim]
    account: Account
    degraded: list[str]


@dataclass(frozen=True)
class LockLanguage:
    """Restates an answer that came in the other language; its support stays what was checked."""

    toolkit: Toolkit

    async def __call__(self, state: Answered, runtime: Runtime[RagContext]) -> Restated:
        language, answer = state["language"], state["answer"]
        if not strayed(answer, language):
            return {}
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        prompt = messages("restate", language, question=state["standalone"], answer=answer)
        restated = (await run.complete(prompt, Want(run.context.answer_tokens))).text.strip()
        if is_refusal(restated) or strayed(restated, language):
            run.degrade("language:not_kept")
            return {"answer": answer, "claims": state["claims"], **run.ledger()}
        run.degrade("language:restated")
        return {"answer": restated, "claims": carry(restated, state["claims"]), **run.ledger()}


def strayed(answer: str, language: Language) -> bool:
    """The answer is in the other language; names and numbers alone are in none."""
    if len(answer.split()) <= _NAME_WORDS and not _PREDICATE.search(answer):
        return False
    letters = any(character.isalpha() for character in answer)
    return letters and detect_language(answer) != language


def carry(restated: str, claims: list[Claim]) -> list[Claim]:
    """The claims in new words: one for one where the sentences match, else one for all."""
    parts = sentences(restated)
    if len(parts) == len(claims):
        return [{**old, "text": part} for old, part in zip(claims, parts, strict=True)]
    ids = list(dict.fromkeys(key for old in claims for key in old["evidence_ids"]))
    worst: Support = min((old["support"] for old in claims), key=_WORST.index, default="unchecked")
    scores = [s for old in claims if (s := old["support_score"]) is not None]
    whole = claim(restated, ids)
    return [{**whole, "support": worst, "support_score": min(scores, default=None)}]
