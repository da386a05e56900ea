"""Asking a model for JSON under a schema, and reading it however it comes back."""

from __future__ import annotations

import json
import re
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
    """What the model wrote as JSON, None when it cannot be read. Shape is the caller's to check; a
    list that was cut off has whole items only.

    A provider without schemas, or one that refuses this one, is asked plainly: the prompt itself
    says what to write. Raises ModelError when that fails too: it must not look like an answer.
    """
    plain = Want(tokens, temperature, seed, stop=stop)
    if await run.supports("schema"):
        answer = await answer_or_none(run.complete, prompt, replace(plain, schema=schema))
        if answer is not None:
            return _read(run, answer.text)
        run.degrade("schema:refused")
    return _read(run, (await run.complete(prompt, plain)).text)


def _read(run: Run, text: str) -> Any:
    raw, broken = first_json(text)
    name, held = list(raw.items())[-1] if broken and isinstance(raw, dict) and raw else ("", None)
    if not isinstance(held, list):
        return raw
    # half a question would be searched for, and answered
    run.degrade(f"{name}:cut")
    return {**raw, name: held[:-1]}


def first_json(text: str) -> tuple[Any, bool]:
    """The first JSON object in the text, whatever stands around it and also where it was cut off,
    None without one; and whether it breaks off within a string.
    """
    start = text.find("{")
    if start < 0:
        return None, False
    try:
        return json.JSONDecoder().raw_decode(text, start)[0], False
    except (ValueError, RecursionError):
        pass
    quotes = re.sub(r"\\.", "", text[start:], flags=re.DOTALL).count('"')
    try:
        return parse_partial_json(text[start:]), quotes % 2 == 1
    except (ValueError, RecursionError):
        return None, False
