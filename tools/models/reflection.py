"""A critic for models that were fine-tuned to write Self-RAG's reflection tokens.

The selfrag_llama2 family (arXiv 2310.11511, table 1 and appendix A) judges with tokens of its own
instead of letters. Same distributions, so that the same graph runs on both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from langchain_core.messages import BaseMessage

from churon.tools.models.base import TokenLogprob, Want
from churon.tools.models.critic import (
    Ask,
    LetterCritic,
    answer_or_none,
    calibrated,
    calibration_for,
    label_logprobs,
)
from churon.tools.models.labels import Distribution, LabelSet
from churon.tools.settings import CriticSettings

TOKENS: Mapping[str, Mapping[str, str]] = {
    "retrieve": {
        "[Retrieval]": "Y",
        "[No Retrieval]": "N",
        "[Continue to Use Evidence]": "C",
    },
    "relevance": {"[Relevant]": "Y", "[Irrelevant]": "N"},
    "support": {
        "[Fully supported]": "F",
        "[Partially supported]": "P",
        "[No support / Contradictory]": "N",
    },
    "utility": {f"[Utility:{rating}]": str(rating) for rating in range(1, 6)},
}
"""Label set name -> reflection token -> letter. "sufficient" is not in the paper's vocabulary."""

READ = {"retrieve": 4, "relevance": 4, "support": 128, "utility": 128}
"""Tokens to generate: Retrieve and IsRel come first, IsSup and IsUse follow the segment."""


@dataclass(frozen=True)
class ReflectionTokenCritic:
    """Reads reflection tokens; asks for letters where the model wrote none of the group."""

    settings: CriticSettings
    model_name: str
    supports: frozenset[str]

    async def distribution(
        self, ask: Ask, messages: Sequence[BaseMessage], labels: LabelSet
    ) -> Distribution:
        """See `Critic.distribution`."""
        tokens = TOKENS.get(labels.name)
        if tokens is not None and "logprobs" in self.supports:
            top = self.settings.top_logprobs
            want = Want(max_tokens=READ[labels.name], top_logprobs=top)
            answer = await answer_or_none(ask, messages, want)
            if answer is not None and (
                found := self._read(answer.logprobs, tokens, labels, messages)
            ):
                return found
        letters = LetterCritic(self.settings, self.model_name, self.supports)
        return await letters.distribution(ask, messages, labels)

    def _read(
        self,
        written: Sequence[TokenLogprob],
        tokens: Mapping[str, str],
        labels: LabelSet,
        messages: Sequence[BaseMessage],
    ) -> Distribution | None:
        # The reference code reads the position where a token of the group was written
        place = next((t for t in written if t.token.strip() in tokens), None)
        if place is None and written:
            place = written[0]
        if place is None:
            return None
        logprobs, coverage = label_logprobs(place.top, tuple(tokens))
        if not coverage or coverage < self.settings.min_coverage:
            return None
        by_letter = {tokens[token]: logprob for token, logprob in logprobs.items()}
        ordered = {label: by_letter[label] for label in labels.labels}
        calibration = calibration_for(self.settings, self.model_name, labels, messages)
        return Distribution(calibrated(ordered, calibration), coverage, "logprobs")
