"""Attempt after attempt until there are enough questions; what was tried is not tried again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from langchain_core.documents import Document

from churon.evals.make.plan import attempts, wanted
from churon.evals.make.proposal import Attempt, Kind, Proposal, Rejected
from churon.evals.make.propose import Proposer
from churon.evals.make.sheet import Sheet
from churon.nodes.decide import normalised
from churon.tools.account import no_account
from churon.tools.errors import BudgetExhausted, ContextTruncated
from churon.tools.korean import detect_language
from churon.tools.toolkit import Toolkit
from churon.tools.types import Language

TRIES = 6
"""Attempts a question that is wanted, at most: not every model can do it."""
OnAttempt = Callable[[Proposal | Rejected, int], None]
"""Is told what came of an attempt, and how many questions there are now."""


@dataclass
class Made:
    """What came of it."""

    wanted: dict[Kind, int]
    made: Counter[str]
    rejected: Counter[str] = field(default_factory=Counter)
    """By reason, of this run."""

    def lacking(self) -> dict[Kind, int]:
        """Questions by kind that could not be made."""
        return {kind: n - self.made[kind] for kind, n in self.wanted.items() if n > self.made[kind]}


@dataclass(frozen=True)
class Maker:
    """Proposes questions about the passages of a toolkit's store."""

    toolkit: Toolkit
    sheet: Sheet
    on_attempt: OnAttempt

    async def make(
        self, n: int, kinds: Sequence[Kind], seed: int, language: Language | None
    ) -> Made:
        """Raises InputError where the store is empty, ModelError, StoreError."""
        passages = await self._passages(language)
        done = Made(wanted(n, kinds), self.sheet.made)
        for kind, number in done.wanted.items():
            left = TRIES * max(number - self.sheet.made[kind], 0)
            for attempt in attempts(kind, passages, seed):
                if self.sheet.made[kind] >= number or left <= 0:
                    break
                if attempt.id not in self.sheet.tried:
                    left -= 1
                    await self._attempt(attempt, done)
        return done

    async def _passages(self, language: Language | None) -> list[Document]:
        context = self.toolkit.settings.context
        store = await self.toolkit.store()
        held = await store.documents(tenant=context.tenant, collection=context.collection)
        return [one for one in held if language in (None, detect_language(one.page_content))]

    async def _attempt(self, attempt: Attempt, done: Made) -> None:
        outcome = await self._outcome(attempt)
        if isinstance(outcome, Proposal):
            self.sheet.propose(outcome)
        else:
            self.sheet.reject(outcome)
            done.rejected[outcome.reason.partition("'")[0].strip()] += 1
        self.on_attempt(outcome, self.sheet.made.total())

    async def _outcome(self, attempt: Attempt) -> Proposal | Rejected:
        name = f"make-{attempt.id}"
        run = self.toolkit.run(name, None, no_account())
        try:
            outcome = await Proposer(run, attempt).propose()
        except (BudgetExhausted, ContextTruncated) as error:  # this one asks for too much
            return Rejected(attempt, str(error))
        finally:
            self.toolkit.forget(name)
        if normalised(outcome.question) in self.sheet.asked and isinstance(outcome, Proposal):
            return Rejected(attempt, "it was asked already", outcome.question, outcome.answer)
        return outcome
