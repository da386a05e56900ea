"""Asking a model for JSON under a schema, and reading it however it comes back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.utils.json import parse_partial_json

from churon.tools.models.base import Want
from churon.tools.models.critic import answer_or_none
from churon.tools.run import Run


async def ask_json(
    run: Run,
    prompt: Sequence[BaseMessage],
    schema: Mapping[str, Any],
    tokens: int,
    *,
    temperature: float = 0.0,
    seed: int | None = None,
    stop: Sequence[str] = (),
) -> Any:
    """What the model wrote as JSON, None when it cannot be read. Shape is the caller's to check.

    A provider without schemas, or one that refuses this one, is asked plainly: the prompt itself
    says what to write. Raises ModelError when that fails too: it must not look like an answer.
    """
    plain = Want(tokens, temperature, seed, stop=stop)
    if await run.supports("schema"):
        answer = await answer_or_none(run.complete, prompt, replace(plain, schema=schema))
        if answer is not None:
            return first_json(answer.text)
        run.degrade("schema:refused")
    return first_json((await run.complete(prompt, plain)).text)


def first_json(text: str) -> Any:
    """The first JSON object in the text, whatever stands around it and also where it was cut off;
    None without one.
    """
    start = text.find("{")
    if start < 0:
        return None
    try:
        return json.JSONDecoder().raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        pass
    try:
        return parse_partial_json(text[start:])
    except (ValueError, RecursionError):
        return None
