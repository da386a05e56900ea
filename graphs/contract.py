"""The contract of all graphs: `RagInput` in, `RagOutput` out, `RagContext` for one run's knobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired, TypeVar

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from churon.tools.account import merge_account
from churon.tools.context import Limits, RagContext
from churon.tools.types import Account, Claim, Evidence, Filter, Language, Status, Turn, Usage

T = TypeVar("T")

__all__ = ["Limits", "RagContext", "RagInput", "RagOutput", "RagState"]


DESCRIBED = ConfigDict(use_attribute_docstrings=True)
"""Forms show what a field's docstring says."""


@with_config(DESCRIBED)
class RagInput(TypedDict):
    """What is asked."""

    question: str
    history: NotRequired[list[Turn]]
    """Earlier turns, oldest first; a follow-up question is understood through them."""
    language: NotRequired[Literal["auto", "en", "ko"]]
    """Language of the answer; auto takes the question's."""
    filter: NotRequired[Filter | None]
    """Metadata that passages must have, such as {"document": "guide.pdf"}."""


def merge_evidence(old: Mapping[str, Evidence], new: Mapping[str, Evidence]) -> dict[str, Evidence]:
    """By id; what is known (a grade, a score) is never overwritten by an unknown."""
    merged = dict(old)
    for key, passage in new.items():
        known: Any = {name: value for name, value in passage.items() if value is not None}
        merged[key] = {**merged[key], **known} if key in merged else passage
    return merged


def merge_by_key(old: Mapping[str, T], new: Mapping[str, T]) -> dict[str, T]:
    """The later value per key."""
    return {**old, **new}


def union(old: list[str], new: list[str]) -> list[str]:
    """Both, in order of first mention."""
    return list(dict.fromkeys([*old, *new]))


def append(old: list[Any], new: list[Any]) -> list[Any]:
    """Old entries, then the new ones."""
    return [*old, *new]


def keep_first(old: str, new: str) -> str:
    """The first reason stands; branches may find several."""
    return old or new


@with_config(DESCRIBED)
class RagOutput(TypedDict):
    """What comes back; plain data throughout."""

    answer: str
    language: Language
    status: Status
    claims: list[Claim]
    """The answer's sentences, with support and passages."""
    evidence: dict[str, Evidence]
    """Every passage that was read, by id; `used_by` names the claims that rest on it."""
    steps: list[dict[str, Any]]
    """What the graph did, short."""
    usage: Usage
    """What the whole run spent, in all processes that worked on it."""
    degraded: list[str]
    """Fallbacks used."""
    missing: list[str]
    """Facts that were not found."""
    stop_reason: str


class Trail(TypedDict):
    """What every part of a graph that works by itself leaves behind."""

    evidence: Annotated[dict[str, Evidence], merge_evidence]
    queries: Annotated[list[str], union]
    """Search queries made so far."""
    steps: Annotated[list[dict[str, Any]], append]
    account: Annotated[Account, merge_account]
    degraded: Annotated[list[str], union]
    failures: Annotated[list[str], append]
    """Why passages got no candidate."""
    stop_reason: Annotated[str, keep_first]


class RagState(Trail):
    """Channels that every graph has besides its own. Those of `RagOutput` are here with their
    reducers: a host that takes RagOutput for its state must not merge one run into the next.
    """

    answer: str
    language: Language
    status: Status
    claims: list[Claim]
    usage: Usage
    missing: list[str]
    question: str
    """Never overwritten; queries and the standalone question are separate."""
    history: list[Turn]
    filter: Filter | None
    run: str
    """Id of this question's budget and cache."""
    standalone: str
    """The question, understandable without the conversation."""
    top: list[str]
    """Passages of the latest search, best first."""
    kept: list[str]
    """Relevant passages of all searches."""
    standby: list[Claim]
    """An answer's sentences that stand where those written after them have no support."""
    rounds: int
    sufficient: bool
    stale: bool


def channels(state: type) -> frozenset[str]:
    """Names of a state's channels."""
    return frozenset(key for base in state.__mro__ for key in getattr(base, "__annotations__", {}))
