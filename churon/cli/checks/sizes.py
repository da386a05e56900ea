"""Settings that must fit each other."""

from __future__ import annotations

import math

from churon.cli.checks.finding import Finding, error, ok, warning
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
    """Tokens of the longest prompt with its answer."""
    ingest, knobs = settings.ingest, settings.context
    passage = max(ingest.chunk_chars / _CHARS_A_TOKEN, ingest.chunk_chars_cjk / _CHARS_A_TOKEN_CJK)
    return math.ceil(knobs.k2 * passage) + knobs.answer_tokens + INSTRUCTIONS


def reranker(settings: Settings) -> list[Finding]:
    """Whether the reranker's settings can be loaded; its packages are checked elsewhere."""
    rerank = settings.rerank
    if rerank.provider == "none":
        return [ok("reranker", "none: passages stay in the search's order")]
    if rerank.provider == "late_interaction":
        if settings.embedding.provider == "embedded":
            return [ok("reranker", f"late interaction over {settings.embedding.model}")]
        return [
            error(
                "reranker",
                "late interaction needs the embedded embedding model",
                "Set rerank.provider = 'none', or 'encoder' with a rerank.model.",
            )
        ]
    if rerank.provider == "remote":
        return []  # asked, with the other servers
    if not rerank.model:
        return [
            error(
                "reranker",
                f"rerank.provider = '{rerank.provider}' has no rerank.model",
                "Set rerank.model, such as BAAI/bge-reranker-v2-m3.",
            )
        ]
    return [ok("reranker", f"{rerank.provider} {rerank.model}")]
