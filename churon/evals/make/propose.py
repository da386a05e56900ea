"""One attempt: a question is asked for, and asked for reasons against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from churon.evals.datasets.texts import sound
from churon.evals.make.checks import agrees, objection, place
from churon.evals.make.proposal import Attempt, Proposal, Rejected
from churon.evals.prompts import PROMPTS
from churon.evals.types import Span
from churon.nodes.critique import support_of
from churon.nodes.decide import is_refusal
from churon.nodes.prompts import fitting, numbered
from churon.nodes.rerank import passage
from churon.nodes.structured import ask_json
from churon.tools.models.base import Want
from churon.tools.run import Run
from churon.tools.types import Evidence

_SCHEMA = {"question": {"type": "string"}, "answer": {"type": "string"}}
_QUESTION_TOKENS, _ANSWER_TOKENS = 160, 32


@dataclass(frozen=True)
class Proposer:
    """Works on one attempt, within the budget of one run."""

    run: Run
    attempt: Attempt

    async def propose(self) -> Proposal | Rejected:
        """The proposal, or why there is none. Raises ModelError, StoreError, BudgetExhausted."""
        question, answer = await self._written()
        attempt, answerable = self.attempt, self.attempt.kind != "unanswerable"
        reason = objection(question, answer, attempt.language, answerable=answerable)
        if not reason and attempt.kind == "two_hop" and attempt.entity in question:
            reason = "the question names what joins the passages"
        spans = self._spans(question, answer) if answerable else ()
        if not reason and spans is None:
            reason = "the answer does not stand in the passages"
        check = self._answerable if answerable else self._unanswerable
        reason = reason or await check(question, answer)
        if reason or spans is None:
            return Rejected(attempt, reason, question, answer)
        return self._proposal(question, answer if answerable else "", spans)

    async def _written(self) -> tuple[str, str]:
        attempt = self.attempt
        values = {"passages": numbered(attempt.evidence())}
        if attempt.kind == "two_hop":
            values["entity"] = attempt.entity
        prompt = PROMPTS.messages(f"make_{attempt.kind}", attempt.language, **values)
        names = ["question"] if attempt.kind == "unanswerable" else ["question", "answer"]
        properties = {name: _SCHEMA[name] for name in names}
        schema = {"type": "object", "properties": properties, "required": names}
        said: Any = await ask_json(self.run, prompt, schema, _QUESTION_TOKENS)
        told = said if isinstance(said, dict) else {}
        return _text(told.get("question")), _text(told.get("answer")).rstrip(".")

    def _spans(self, question: str, answer: str) -> tuple[tuple[int, int, int], ...] | None:
        """(passage, start, end) of the sentences that bear the answer, the entity's among them."""
        texts = [one.page_content for one in self.attempt.passages]
        places = [(n, place(answer, question, text)) for n, text in enumerate(texts)]
        last = next(((n, found) for n, found in places if found), None)
        if last is None:
            return None
        bearing, (start, end) = last
        spans = [(bearing, start, end)]
        for number, text in enumerate(texts):
            if number != bearing:
                found = place(self.attempt.entity, question, text)
                if found is None:
                    return None
                spans.append((number, *found))
        return tuple(sorted(spans))

    async def _answerable(self, question: str, answer: str) -> str:
        """Its passages give the answer, the model alone does not, nor one passage of two."""
        held = self.attempt.evidence()
        if not agrees(await self._answered(question, held), answer):
            return "its passages do not give this answer when asked"
        if agrees(await self._known(question), answer):
            return "it can be answered without a passage"
        if len(held) > 1:
            for one in held:
                if agrees(await self._answered(question, [one]), answer):
                    return "one of its passages is enough"
        return ""

    async def _unanswerable(self, question: str, answer: str) -> str:
        """No search finds an answer that the critic calls supported."""
        found = await self.run.search(question, None)
        best = [passage(one) for one in await self.run.rerank(question, found)]
        held = fitting(best, await self.run.room()) if best else []
        said = await self._answered(question, held) if held else ""
        if is_refusal(said):
            return ""
        support = await support_of(self.run, said, held, question, self.attempt.language)
        bears = support is not None and support >= self.run.context.support_threshold
        return f"a search finds the answer {said!r}" if bears else ""

    async def _answered(self, question: str, held: list[Evidence]) -> str:
        values = {"passages": numbered(held), "question": question}
        prompt = PROMPTS.messages("make_answer", self.attempt.language, **values)
        return (await self.run.complete(prompt, Want(_ANSWER_TOKENS))).text.strip()

    async def _known(self, question: str) -> str:
        prompt = PROMPTS.messages("make_known", self.attempt.language, question=question)
        return (await self.run.complete(prompt, Want(_ANSWER_TOKENS))).text.strip()

    def _proposal(
        self, question: str, answer: str, spans: tuple[tuple[int, int, int], ...]
    ) -> Proposal:
        placed, texts = [], []
        for number, start, end in spans:
            held = self.attempt.evidence()[number]
            base = held["start"]
            placed.append(Span(document=held["document"], start=base + start, end=base + end))
            texts.append(held["text"][start:end])
        return Proposal(self.attempt, question, answer, tuple(placed), tuple(texts))


def _text(value: Any) -> str:
    # a model may write half a surrogate pair
    return " ".join(sound(value).split()) if isinstance(value, str) else ""
