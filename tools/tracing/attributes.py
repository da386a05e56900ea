"""Span attributes: Langfuse's documented names, and OpenTelemetry's own for model calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import LLMResult

TYPE = "langfuse.observation.type"
INPUT = "langfuse.observation.input"
OUTPUT = "langfuse.observation.output"
LEVEL = "langfuse.observation.level"
STATUS_MESSAGE = "langfuse.observation.status_message"
MODEL = "langfuse.observation.model.name"
PARAMETERS = "langfuse.observation.model.parameters"
USAGE = "langfuse.observation.usage_details"
FIRST_TOKEN = "langfuse.observation.completion_start_time"
STEP = "langfuse.observation.metadata.step"
PROMPT = "langfuse.observation.metadata.prompt"
APP_ROOT = "langfuse.internal.is_app_root"
"""A run is one, also where a host's span is around it."""
TRACE_NAME = "langfuse.trace.name"
TRACE_TAGS = "langfuse.trace.tags"
TRACE_METADATA = "langfuse.trace.metadata."
ENVIRONMENT = "langfuse.environment"
SESSION, USER = "session.id", "user.id"
SCORE = "churon.score."
"""Of the run's span, before a score's name: its value."""
_TELLING = ("temperature", "max_tokens", "num_predict", "seed", "top_logprobs", "stop")


def of_call(metadata: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Model and parameters of a call; no others are taken, as they may hold keys."""
    model = metadata.get("ls_model_name") or parameters.get("model") or parameters.get("model_name")
    told = {name: parameters[name] for name in _TELLING if parameters.get(name) is not None}
    named = {MODEL: str(model), "gen_ai.request.model": str(model)} if model else {}
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": str(metadata.get("ls_provider", "unknown")),
        PARAMETERS: json.dumps(told, default=str),
        **named,
    }


def of_usage(message: BaseMessage | None) -> dict[str, Any]:
    """Tokens of a call, where its server counted them."""
    usage = getattr(message, "usage_metadata", None)
    if not usage:
        return {}
    counted = {"input": usage["input_tokens"], "output": usage["output_tokens"]}
    return {
        USAGE: json.dumps({**counted, "total": usage["total_tokens"]}),
        "gen_ai.usage.input_tokens": counted["input"],
        "gen_ai.usage.output_tokens": counted["output"],
    }


def message_of(response: LLMResult) -> BaseMessage | None:
    """What a chat model answered."""
    for generation in response.generations:
        for one in generation:
            message = getattr(one, "message", None)
            if isinstance(message, BaseMessage):
                return message
    return None
