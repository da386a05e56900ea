"""The value of an answer: do samples agree on it, and do its passages bear it?"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from langgraph.runtime import Runtime

from churon.nodes.common import RunState, chosen, settled
from churon.nodes.critique import DIGITS, support_of
from churon.nodes.meaning import groups
from churon.nodes.menu import max_votes
from churon.nodes.reading import recall
from churon.nodes.trail import as_draft, ending, facts_of, summary
from churon.tools.context import RagContext
from churon.tools.run import Ledger, Run
from churon.tools.toolkit import Toolkit
from churon.tools.types import Draft, Evidence, Judgement, TreeNode

_FIRST_VOTES = 2


class Ended(RunState):
    """A terminal node and what led to it."""

    standalone: str
    path: list[TreeNode]
    """From the root to the terminal node."""
    evidence: dict[str, Evidence]


class Valued(Ledger):
    judged: dict[str, Judgement]
    stop_reason: str


@dataclass(frozen=True)
class Evaluate:
    """0.5 x share of agreeing samples + 0.5 x s_sup, in [0, 1]; `faithful`: the share alone.

    Two samples, more only while they disagree; `faithful`: all ten. The answer becomes the one
    most samples gave. (The paper's reward, a mean log-likelihood multiplied along the path,
    changes its sign with depth.)
    """

    toolkit: Toolkit

    async def __call__(self, state: Ended, runtime: Runtime[RagContext]) -> Valued:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        end = state["path"][-1]
        if not end["answer"]:
            nothing = Judgement(draft=as_draft(end), value=0.0, vote=0.0, s_sup=None)
            return {"judged": {end["id"]: nothing}, "stop_reason": "", **run.ledger()}
        draft, vote, stop = await self._voted(run, state)
        support = None
        if not run.context.faithful:
            checks = await settled(run, "evaluate", self._support(run, state, draft))
            [support], stop = checks[0], checks[1] or stop
        value = vote if support is None else 0.5 * vote + 0.5 * support
        judged = Judgement(draft=draft, value=round(value, DIGITS), vote=vote, s_sup=support)
        return {"judged": {end["id"]: judged}, "stop_reason": stop, **run.ledger()}

    async def _voted(self, run: Run, state: Ended) -> tuple[Draft, float, str]:
        """The plurality's draft, its share, and the stop reason where the sampling was cut off."""
        drafts, stop, most = [as_draft(state["path"][-1])], "", max_votes(run.context)
        first = most if run.context.faithful else min(_FIRST_VOTES, most)
        while len(drafts) < first or undecided(drafts, most):
            sample = self._sample(run, state, len(drafts))
            [drawn], stop = await settled(run, "evaluate", sample)
            if drawn is None:
                break
            drafts.append(drawn)
        share, place = plurality([draft["answer"] for draft in drafts])
        return drafts[place], round(share, DIGITS), stop

    @staticmethod
    async def _sample(run: Run, state: Ended, number: int) -> Draft:
        path = state["path"]
        place = f"{run.context.seed}/vote/{path[-1]['id']}/{number}"
        wish = {"temperature": run.context.sampling, "seed": zlib.crc32(place.encode()) >> 1}
        above, question, language = path[:-1], state["standalone"], state["language"]
        if path[-1]["action"] == "direct":
            reading = await recall(run, question, facts_of(above), language, **wish)  # type: ignore[arg-type]
        else:
            held = state["evidence"]
            reading = await summary(run, question, language, above, held, **wish)  # type: ignore[arg-type]
        return ending(question, reading)

    @staticmethod
    async def _support(run: Run, state: Ended, draft: Draft) -> float | None:
        passages = chosen(state["evidence"], draft["evidence_ids"])
        if not passages:
            return 0.0  # nothing that could bear it
        question, language = state["standalone"], state["language"]
        return await support_of(run, draft["text"], passages, question, language)


def undecided(drafts: Sequence[Draft], most: int) -> bool:
    """More samples could still change the plurality's answer, and may be taken."""
    sizes = sorted((len(group) for group in groups([d["answer"] for d in drafts])), reverse=True)
    lead = (sizes[0] if sizes else 0) - (sizes[1] if len(sizes) > 1 else 0)
    left = most - len(drafts)
    return left > 0 and lead <= left and sizes != [len(drafts)]


def plurality(answers: Sequence[str]) -> tuple[float, int]:
    """Share of the largest group among all samples, and the first of its answers' place."""
    parts = groups(answers)
    if not parts:
        return 0.0, 0
    best = max(parts, key=len)  # the earlier one of equal size
    return len(best) / len(answers), best[0]
