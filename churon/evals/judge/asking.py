"""One answer to one judge, which is told neither who wrote it nor what else was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.messages import BaseMessage

from churon.evals.judge.prompts import PROMPTS
from churon.evals.metrics.judged import accepted, subject
from churon.evals.short import MOST_CHARS
from churon.evals.types import Judgement, Row
from churon.tools.errors import ModelError
from churon.tools.models.base import ChatPort, Completion, Want
from churon.tools.models.critic import Critic
from churon.tools.models.labels import JUDGED
from churon.tools.types import Language


@dataclass(frozen=True)
class By:
    """A judge by name: another model, or another prompt, is another judge."""

    model: str
    prompts: str

    def judgement(self, row: Row, correct: float | None) -> Judgement:
        """As the row keeps it."""
        return Judgement(correct=correct, model=self.model, prompts=self.prompts, of=subject(row))


@dataclass(frozen=True)
class Judge:
    """A model that is asked for one letter, read as the graphs' critic reads theirs."""

    port: ChatPort
    critic: Critic

    async def correct(self, row: Row) -> float | None:
        """P(the answer says the same as an accepted one); None for a model that names no letter.

        Raises ModelError where the model gave no reply at all.
        """
        asking = _Asking(self.port)
        found = await self.critic.distribution(asking, messages(row), JUDGED)
        if found.rung != "neutral":
            return round(found.p("C"), 4)
        if asking.failure is not None:
            raise asking.failure
        return None


def messages(row: Row) -> list[BaseMessage]:
    """The question, what is accepted and the whole answer, in the question's language."""
    case = row["case"]
    language: Language = "ko" if case["language"] == "ko" else "en"
    return PROMPTS.messages(
        "judge",
        language,
        question=case["question"],
        accepted="\n".join(f"- {one}" for one in accepted(case)),
        answer=row.get("answer", "")[:MOST_CHARS],
    )


class _Asking:
    """Calls for one answer; `failure` is the last one while no call had a reply."""

    def __init__(self, port: ChatPort) -> None:
        self._port, self._replied = port, False
        self.failure: ModelError | None = None

    async def __call__(self, messages: Sequence[BaseMessage], want: Want) -> Completion:
        try:
            reply = await self._port.complete(messages, want)
        except ModelError as error:
            self.failure = None if self._replied else error
            raise
        self.failure, self._replied = None, True
        return reply
