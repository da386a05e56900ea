"""The first node of every graph: check the question, settle its language, begin the ledger."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Literal, NotRequired

from langgraph.runtime import Runtime
from langgraph.types import Overwrite
from typing_extensions import TypedDict

from churon.tools.budget import no_usage
from churon.tools.context import RagContext
from churon.tools.errors import InputError
from churon.tools.korean import detect_language
from churon.tools.toolkit import Toolkit
from churon.tools.types import Filter, Turn

# Channels that earlier runs on the same thread may have filled
_FRESH: dict[str, Any] = {
    "evidence": dict,
    "candidates": dict,
    "queries": list,
    "degraded": list,
    "failures": list,
    "steps": list,
    "partials": list,
    "stop_reason": str,
    "usage": no_usage,
}
_PLAIN: dict[str, Any] = {
    "top": list,
    "kept": list,
    "claims": list,
    "missing": list,
    "beams": list,
    "answer": str,
    "status": str,
    "rounds": int,
    "sufficient": bool,
    "stale": bool,
}


class Reads(TypedDict):
    question: str
    history: NotRequired[list[Turn]]
    language: NotRequired[Literal["auto", "en", "ko"]]
    filter: NotRequired[Filter | None]


@dataclass(frozen=True)
class Begin:
    """Validates the input and resets every channel. Raises InputError, SettingsError."""

    toolkit: Toolkit
    channels: frozenset[str]
    """Channels that this graph has."""

    async def __call__(self, state: Reads, runtime: Runtime[RagContext]) -> dict[str, Any]:
        question = state.get("question")
        if not isinstance(question, str) or not question.strip():
            raise InputError(f"The question {question!r} is empty.", remedy="Ask something.")
        context = self.toolkit.context(runtime.context)  # a refused knob is said before any work
        given = state.get("language") or "auto"
        if given not in ("auto", "en", "ko"):
            raise InputError(f"The language {given!r} is unknown.", remedy="Use auto, en or ko.")
        fresh = {k: Overwrite(make()) for k, make in _FRESH.items() if k in self.channels}
        plain = {k: make() for k, make in _PLAIN.items() if k in self.channels}
        # routers see the state only; True and "settle" stand where a step fails before it decides
        knobs = {"form": context.form, "retrieval": True, "verdict": "settle"}
        plain |= {k: value for k, value in knobs.items() if k in self.channels}
        return {
            **fresh,
            **plain,
            "standalone": question.strip(),
            "run": uuid.uuid4().hex,
            "language": detect_language(question) if given == "auto" else given,
            "history": state.get("history") or [],
            "filter": state.get("filter"),
        }
