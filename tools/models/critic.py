"""The critic: P(label) from the token log-probabilities at the answer position.

Ladder, each rung only when the one before gave nothing: log-probs, JSON schema, strict pattern,
three votes, neutral. What a model writes never raises; budgets, cancellation, an unreachable or
missing model and a truncated prompt do.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from langchain_core.messages import BaseMessage

from churon.tools.errors import (
    ContextTruncated,
    ModelDenied,
    ModelError,
    ModelMissing,
    ModelTimeout,
    ModelUnreachable,
)
from churon.tools.models.base import Completion, TokenLogprob, Want
from churon.tools.models.labels import Distribution, LabelSet, Rung
from churon.tools.settings import CriticSettings, LabelCalibration

Ask = Callable[[Sequence[BaseMessage], Want], Awaitable[Completion]]
"""One call of the chat model, counted against the run's budget."""

HARD = 0.9
"""Probability of a label that was only named, without log-probs; the others share the rest."""
VOTES = 3
_FLOOR = 1e-9
_BLANK = " \t\r\n▁Ġ\"'`*"  # some servers leave tokenizer marks; schema answers have quotes


class Critic(Protocol):
    """Asks a chat model for one of a few labels and says how probable each is."""

    async def distribution(
        self, ask: Ask, messages: Sequence[BaseMessage], labels: LabelSet
    ) -> Distribution:
        """P(label) for the question in `messages`, which must ask for exactly one label.

        Raises BudgetExhausted, ModelUnreachable, ModelMissing, ContextTruncated; never for what
        the model writes.
        """
        ...


@dataclass(frozen=True)
class LetterCritic:
    """Reads single letters or digits; works with any instruct model."""

    settings: CriticSettings
    model_name: str
    supports: frozenset[str]
    """What the provider can do: "logprobs", "schema"."""

    async def distribution(
        self, ask: Ask, messages: Sequence[BaseMessage], labels: LabelSet
    ) -> Distribution:
        """See `Critic.distribution`."""
        for rung in (self._by_logprobs, self._by_schema, self._by_pattern, self._by_vote):
            found = await rung(ask, messages, labels)
            if found is not None:
                return found
        even = 1 / len(labels.labels)
        return Distribution(dict.fromkeys(labels.labels, even), 0.0, "neutral")

    async def _by_logprobs(
        self, ask: Ask, messages: Sequence[BaseMessage], labels: LabelSet
    ) -> Distribution | None:
        if "logprobs" not in self.supports:
            return None
        want = Want(max_tokens=1, top_logprobs=self.settings.top_logprobs)
        answer = await answer_or_none(ask, messages, want)
        if answer is None:
            return None
        if answer.logprobs:
            return self._read(answer.logprobs[0], labels, "logprobs", messages)
        named = named_label(answer.text, labels)  # a server that ignores the wish for log-probs
        return None if named is None else hard([named], labels, 1.0, "regex")

    async def _by_schema(
        self, ask: Ask, messages: Sequence[BaseMessage], labels: LabelSet
    ) -> Distribution | None:
        if "schema" not in self.supports:
            return None
        top = self.settings.top_logprobs if "logprobs" in self.supports else None
        want = Want(max_tokens=24, schema=label_schema(labels), top_logprobs=top)
        answer = await answer_or_none(ask, messages, want)
        named = None if answer is None else _label_in_json(answer.text, labels)
        if answer is None or named is None:
            return None
        for token in (one for one in answer.logprobs if _bare(one.token) == named):
            if found := self._read(token, labels, "schema", messages):
                return found
        return hard([named], labels, 1.0, "schema")

    async def _by_pattern(
        self, ask: Ask, messages: Sequence[BaseMessage], labels: LabelSet
    ) -> Distribution | None:
        answer = await answer_or_none(ask, messages, Want(max_tokens=8))
        named = None if answer is None else named_label(answer.text, labels)
        return None if named is None else hard([named], labels, 1.0, "regex")

    async def _by_vote(
        self, ask: Ask, messages: Sequence[BaseMessage], labels: LabelSet
    ) -> Distribution | None:
        wants = [Want(max_tokens=8, temperature=0.7, seed=seed) for seed in range(1, VOTES + 1)]
        answers = [await answer_or_none(ask, messages, want) for want in wants]
        named = [named_label(answer.text, labels) for answer in answers if answer is not None]
        votes = [vote for vote in named if vote is not None]
        return hard(votes, labels, len(votes) / VOTES, "vote") if votes else None

    def _read(
        self, token: TokenLogprob, labels: LabelSet, rung: Rung, messages: Sequence[BaseMessage]
    ) -> Distribution | None:
        logprobs, coverage = label_logprobs(token.top, labels.labels)
        if not coverage or coverage < self.settings.min_coverage:
            return None
        calibration = calibration_for(self.settings, self.model_name, labels, messages)
        return Distribution(calibrated(logprobs, calibration), coverage, rung)


async def answer_or_none(
    ask: Ask, messages: Sequence[BaseMessage], want: Want
) -> Completion | None:
    """The completion, None for a failure that the next rung may not meet."""
    try:
        return await ask(messages, want)
    except (ModelUnreachable, ModelTimeout, ModelMissing, ModelDenied, ContextTruncated):
        raise
    except (ModelError, ValueError, KeyError, TypeError):
        # A refusal, a wish the server does not know or an answer that cannot be read: next rung
        return None


def label_logprobs(
    top: Iterable[tuple[str, float]], names: Sequence[str]
) -> tuple[dict[str, float], float]:
    """Log-probability per name, and the mass on all of them before renormalising.

    A name that is not among the candidates gets the most that it can have: no more than the
    least candidate and no more than the mass left over. Unreadable candidates are dropped.
    """
    mass = dict.fromkeys(names, 0.0)
    seen = []
    for text, logprob in top:
        if math.isnan(logprob) or (p := math.exp(min(logprob, 0.0))) == 0.0:
            continue
        seen.append(p)
        if (name := _bare(text)) in mass:
            mass[name] += p
    floor = max(_FLOOR, min([*seen, 1 - sum(seen)])) if seen else _FLOOR
    logprobs = {name: math.log(p or floor) for name, p in mass.items()}
    return logprobs, min(1.0, sum(mass.values()))


def calibration_for(
    settings: CriticSettings, model: str, labels: LabelSet, messages: Sequence[BaseMessage]
) -> LabelCalibration | None:
    """Of the label set in the prompt's language ("relevance.ko"), else of the label set.

    Prompts carry the name of their file, such as "grade.ko.md@1f3a".
    """
    held = settings.calibration.get(model, {})
    name = str(messages[-1].additional_kwargs.get("prompt", "")) if messages else ""
    language = name.partition("@")[0].removesuffix(".md").rpartition(".")[2]
    return held.get(f"{labels.name}.{language}") or held.get(labels.name)


def calibrated(
    logprobs: dict[str, float], calibration: LabelCalibration | None = None
) -> dict[str, float]:
    """Softmax of log-probability / temperature + offset."""
    given = calibration or LabelCalibration()
    logits = {k: v / given.temperature + given.offsets.get(k, 0.0) for k, v in logprobs.items()}
    highest = max(logits.values())
    weights = {k: math.exp(v - highest) for k, v in logits.items()}
    total = sum(weights.values())
    return {k: v / total for k, v in weights.items()}


def hard(votes: Sequence[str], labels: LabelSet, coverage: float, rung: Rung) -> Distribution:
    """Mean over answers that only named a label: HARD on it, the rest spread evenly."""
    rest = (1 - HARD) / (len(labels.labels) - 1)
    shares = {label: votes.count(label) / len(votes) for label in labels.labels}
    given = {label: s * HARD + (1 - s) * rest for label, s in shares.items()}
    return Distribution(given, coverage, rung)


def label_schema(labels: LabelSet) -> dict[str, object]:
    """JSON schema of an object that holds one label."""
    return {
        "type": "object",
        "properties": {"label": {"type": "string", "enum": list(labels.labels)}},
        "required": ["label"],
        "additionalProperties": False,
    }


def named_label(text: str, labels: LabelSet) -> str | None:
    """The label that `text` is, bare or as "Answer: Y"; None for anything that says more."""
    plain = unicodedata.normalize("NFKC", text)
    names = "".join(labels.labels)
    pattern = rf"[\s\W_]*(?:(?:answer|label|정답|답)\s*\W+\s*)?([{names}])[\s\W_]*"
    found = re.fullmatch(pattern, plain, flags=re.IGNORECASE)
    if found is None or found[1] not in labels.labels:
        return None
    return found[1]


def _label_in_json(text: str, labels: LabelSet) -> str | None:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return None
    named = read.get("label") if isinstance(read, dict) else None
    return named if isinstance(named, str) and named in labels.labels else None


def _bare(token: str) -> str:
    return unicodedata.normalize("NFKC", token).strip(_BLANK)
