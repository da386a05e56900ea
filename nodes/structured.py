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

# A quote within a string, 5" or "Aren": no sign of JSON stands before it or after it, and its line
# goes on
_QUOTED = re.compile(r"([^\s{\[,:\\]\s*)\"(?=[ \t]*[^\s,:}\]`/])")


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
            return _read(run, answer.text, schema)
        run.degrade("schema:refused")
    return _read(run, (await run.complete(prompt, plain)).text, schema)


def _read(run: Run, text: str, schema: Mapping[str, Any]) -> Any:
    raw, broken = first_json(text)
    asked = [name for name, of in schema["properties"].items() if of["type"] == "array"]
    name, held = list(raw.items())[-1] if isinstance(raw, dict) and raw else ("", None)
    if not asked or not isinstance(held, list):
        return raw
    if not (broken or (text.rfind("{") > text.rfind("}") and _is_begun(held))):
        return raw
    # half a question would be searched for, and answered
    run.degrade(f"{asked[0]}:cut")
    return {**raw, name: held[:-1]}


def _is_begun(items: list[Any]) -> bool:
    """Whether the last item lacks something that the first one has."""
    if not items or not all(isinstance(one, dict) for one in items):
        return False
    return not items[0].keys() <= items[-1].keys()


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
    text = _QUOTED.sub(r"\1\"", text[start:].partition("\n```")[0])
    quotes = re.sub(r"\\.", "", text, flags=re.DOTALL).count('"')
    try:
        return json.JSONDecoder().raw_decode(text)[0], False
    except (ValueError, RecursionError):
        pass
    try:
        return parse_partial_json(text), quotes % 2 == 1
    except (ValueError, RecursionError):
        return None, False
