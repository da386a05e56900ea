"""How an OpenAI-shaped chat model spells a `Want`: the embedded engine and compatible servers."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage

from churon.tools.errors import ModelError
from churon.tools.models.base import Want


class OpenAIDialect:
    """Call keywords of OpenAI's chat completions; log-probs and schema only where wanted.

    Of a model that thinks, log-probs are of its thoughts, which `stop` would end, too, and which
    at temperature 0 may never end; OpenAI refuses all three.
    """

    def __init__(self, thinks: bool = False) -> None:
        self.thinks = thinks

    def kwargs(self, want: Want) -> dict[str, Any]:
        """Keyword arguments for `ainvoke` and `astream`."""
        given: dict[str, Any] = {"max_tokens": want.max_tokens}
        if not self.thinks:
            given |= _sampling(want)
        if want.seed is not None:
            given["seed"] = want.seed
        if want.schema is not None:
            given["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": dict(want.schema), "strict": True},
            }
        return given

    def check(self, message: AIMessage) -> None:
        """Raise ModelError for a refusal; such servers report a long prompt as an error already."""
        refusal = message.additional_kwargs.get("refusal")
        if refusal or message.response_metadata.get("finish_reason") == "content_filter":
            raise ModelError(
                f"The model refused to answer: {str(refusal or 'content_filter')[:200]!r}.",
                remedy="Rephrase the question or choose another model in chat.model.",
            )


def _sampling(want: Want) -> dict[str, Any]:
    given: dict[str, Any] = {"temperature": want.temperature}
    if want.stop:
        given["stop"] = list(want.stop)
    if want.top_logprobs is not None:
        given["logprobs"] = True
        # llama.cpp gives no log-probs at all for 0, not even the chosen token's
        given["top_logprobs"] = max(1, want.top_logprobs)
    return given
