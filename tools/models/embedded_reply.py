"""The engine's chunks as LangChain message chunks, and its errors as ours."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessageChunk, UsageMetadata
from langchain_core.outputs import ChatGenerationChunk

from churon.tools.errors import ContextTruncated, ModelError


class ReplyReader:
    """Reads one answer's chunks in order.

    Merged, the messages hold each log-probability once and the usage once: the engine's reason to
    finish is kept back until its usage arrives, and both go into the last message.
    """

    def __init__(self, model_name: str) -> None:
        self._model_name = model_name
        self._finish_reason = "stop"

    def read(self, chunk: dict[str, Any]) -> ChatGenerationChunk | None:
        """The message chunk, None where there is nothing to pass on.

        Raises ContextTruncated when the prompt is too long, ModelError for any other refusal.
        """
        if "error" in chunk:
            raise _error(chunk["error"])
        if usage := chunk.get("usage"):
            return self._last(usage)
        choice = next(iter(chunk.get("choices") or ()), None)
        if choice is None:
            return None
        if choice.get("finish_reason"):
            self._finish_reason = choice["finish_reason"]
        return _part(choice)

    def _last(self, usage: dict[str, Any]) -> ChatGenerationChunk:
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
        counts = UsageMetadata(
            input_tokens=usage["prompt_tokens"],
            output_tokens=usage["completion_tokens"],
            total_tokens=usage["prompt_tokens"] + usage["completion_tokens"],
            input_token_details={"cache_read": cached},
        )
        metadata = {
            "finish_reason": self._finish_reason,
            "model_name": self._model_name,
            "model_provider": "churon-embedded",
        }
        message = AIMessageChunk(
            content="", usage_metadata=counts, response_metadata=metadata, chunk_position="last"
        )
        return ChatGenerationChunk(message=message)


def _part(choice: dict[str, Any]) -> ChatGenerationChunk | None:
    text = (choice.get("delta") or {}).get("content") or ""
    tokens = [_token(entry) for entry in (choice.get("logprobs") or {}).get("content") or ()]
    if not text and not tokens:
        return None
    metadata = {"logprobs": {"content": tokens}} if tokens else {}
    message = AIMessageChunk(content=text, response_metadata=metadata)
    return ChatGenerationChunk(message=message)


def _token(entry: dict[str, Any]) -> dict[str, Any]:
    best = entry.get("top_logprobs") or ()
    return {
        "token": entry["token"],
        "logprob": entry["logprob"],
        "top_logprobs": [{"token": t["token"], "logprob": t["logprob"]} for t in best],
    }


def _error(error: dict[str, Any]) -> ModelError:
    if error.get("type") == "exceed_context_size_error":
        return ContextTruncated(
            f"The prompt has {error.get('n_prompt_tokens')} tokens, the context holds "
            f"{error.get('n_ctx')}.",
            remedy="Raise chat.context_length or keep fewer passages (context.k2).",
        )
    return ModelError(f"The embedded engine failed: {error.get('message', error)}.")
