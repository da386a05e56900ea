"""The first node of every graph: check the question, settle its language, begin the ledger."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NotRequired

from langchain_core.messages import BaseMessage
from langgraph.runtime import Runtime
from langgraph.types import Overwrite
from typing_extensions import TypedDict

from churon.tools.account import no_account
from churon.tools.context import RagContext, plain_knobs
from churon.tools.errors import InputError
from churon.tools.korean import detect_language, has_hangul
from churon.tools.toolkit import Toolkit
from churon.tools.types import Account, Filter, Language, Turn

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
    "account": no_account,
    "results": dict,
    "drafts": dict,
    "judged": dict,
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
    "plan": list,
    "replans": int,
    "recorded": list,
    "round": list,
    "tree": dict,
    "earlier": dict,
    "standby": list,
    "route": lambda: "self_rag",
    "plays": list,
    "begun": int,
    "done": int,
    "calls_before": int,
    "ended": str,
    "tried": int,
    "ranking": list,
}


class Reads(TypedDict):
    question: str
    history: NotRequired[list[Turn]]
    language: NotRequired[Literal["auto", "en", "ko"]]
    filter: NotRequired[Filter | None]


LONGEST = 20_000
"""Characters of a question. Several times what a model of the context of most laptops reads."""


@dataclass(frozen=True)
class Begin:
    """Validates the input and resets every channel. Raises InputError, SettingsError."""

    toolkit: Toolkit
    channels: frozenset[str]
    """Channels that this graph has."""

    async def __call__(self, state: Reads, runtime: Runtime[RagContext]) -> dict[str, Any]:
        question: Any = state.get("question")  # whatever a caller gave
        if not isinstance(question, str):
            what = "There is no 'question' in the input."
            if question is not None:
                what = f"The question {question!r} is no text."
            raise InputError(what, remedy='Give for example {"question": "Who signs it?"}.')
        if not question.strip():
            raise InputError(f"The question {question!r} is empty.", remedy="Ask something.")
        if len(question) > LONGEST:
            raise InputError(
                f"The question has {len(question):,} characters; {LONGEST:,} are the most.",
                remedy="Ingest long texts as documents, and ask about them.",
            )
        context = self.toolkit.context(runtime.context)  # a refused knob is said before any work
        given = state.get("language") or "auto"
        if given not in ("auto", "en", "ko"):
            raise InputError(f"The language {given!r} is unknown.", remedy="Use auto, en or ko.")
        history = turns(state.get("history") or [])
        return {
            **emptied(self.channels, context),
            "account": Overwrite({**no_account(), "given": plain_knobs(runtime.context)}),
            "standalone": question.strip(),
            "run": uuid.uuid4().hex,
            "language": _language(question, history) if given == "auto" else given,
            "history": history,
            "filter": checked_filter(state.get("filter")),
        }


def language_of(asked: Reads) -> Language:
    """Of the answer, as `Begin` settles it. Raises InputError for a history that it refuses."""
    given = asked.get("language") or "auto"
    if given == "auto":
        return _language(asked["question"], turns(asked.get("history") or []))
    return given


def _language(question: str, history: list[Turn]) -> Language:
    """The question's; of one that has hardly a word ("2023?") the latest earlier one's."""
    earlier = [turn["content"] for turn in reversed(history) if turn["role"] == "user"]
    telling = (text for text in (question, *earlier) if _tells(text))
    return detect_language(next(telling, question))


def _tells(text: str) -> bool:
    return has_hangul(text) or len(re.findall(r"[A-Za-z]+", text)) > 1


class Underway(TypedDict):
    standalone: str
    account: Account


@dataclass(frozen=True)
class Adopt:
    """The first node of a graph inside `auto`: its own channels reset, the run goes on."""

    toolkit: Toolkit
    channels: frozenset[str]

    async def __call__(self, state: Underway, runtime: Runtime[RagContext]) -> dict[str, Any]:
        made = emptied(self.channels, self.toolkit.context(runtime.context))
        pinned = {"form": "short"} if "form" in self.channels else {}
        return {**made, **pinned, "history": [], "account": state["account"]}


def emptied(channels: frozenset[str], context: RagContext) -> dict[str, Any]:
    """Every channel that an earlier run on the thread may have filled, reset."""
    fresh = {k: Overwrite(make()) for k, make in _FRESH.items() if k in channels}
    plain = {k: make() for k, make in _PLAIN.items() if k in channels}
    # routers see the state only; True and "settle" stand where a step fails before it decides
    knobs = {"form": context.form, "retrieval": True, "verdict": "settle"}
    return {**fresh, **plain, **{k: value for k, value in knobs.items() if k in channels}}


def turns(history: Any) -> list[Turn]:
    """Turns, from our own shape or from LangChain messages. Raises InputError."""
    if not isinstance(history, (list, tuple)):
        raise InputError(f"The history {history!r} is no list.", remedy="Give a list of turns.")
    return [turn for one in history if (turn := _turn(one)) is not None]


def _turn(given: Any) -> Turn | None:
    if isinstance(given, BaseMessage):
        role = {"human": "user", "ai": "assistant"}.get(given.type)
        # system and tool messages are no turns of the conversation
        return None if role is None else Turn(role=role, content=given.text)  # type: ignore[typeddict-item]
    known = isinstance(given, Mapping) and given.get("role") in ("user", "assistant")
    if known and isinstance(given.get("content"), str):
        return Turn(role=given["role"], content=given["content"])
    raise InputError(
        f"The turn {given!r} of the history is not understood.",
        remedy='Give {"role": "user" or "assistant", "content": text} or LangChain messages.',
    )


def checked_filter(given: Any) -> Filter | None:
    """The filter; its values are checked by the store. Raises InputError."""
    if given is None or isinstance(given, Mapping):
        return dict(given) if given else None
    raise InputError(
        f"The filter {given!r} is no mapping.", remedy='Give for example {"document": "guide.pdf"}.'
    )
