"""Settings that must fit each other."""

from __future__ import annotations

import math

from churon.cli.checks.finding import Finding, ok, warning
from churon.tools.settings import Settings

INSTRUCTIONS = 400
"""Tokens of system message, task and question, amply."""
_CHARS_A_TOKEN, _CHARS_A_TOKEN_CJK = 3.5, 1.0
"""Measured on Qwen2.5; Korean costs about a token a character."""


def context(settings: Settings) -> list[Finding]:
    """Whether a prompt with all k2 passages and its answer fit the chat model's context."""
    has, needs, k2 = settings.chat.context_length, tokens_needed(settings), settings.context.k2
    what = f"{k2} passages and an answer take up to {needs:,} of {has:,} tokens"
    if needs <= has:
        return [ok("context", what)]
    rounded = math.ceil(needs / 1_024) * 1_024
    return [
        warning(
            "context",
            f"{what}: passages will be left out",
            f"Set chat.context_length = {rounded}, or lower context.k2 or ingest.chunk_chars_cjk.",
        )
    ]


def tokens_needed(settings: Settings) -> int:
    """Tokens of the longest prompt with its answer, and what the model thinks before it."""
    ingest, knobs = settings.ingest, settings.context
    passage = max(ingest.chunk_chars / _CHARS_A_TOKEN, ingest.chunk_chars_cjk / _CHARS_A_TOKEN_CJK)
    answer = knobs.answer_tokens + settings.chat.thinking_tokens
    return math.ceil(knobs.k2 * passage) + answer + INSTRUCTIONS
