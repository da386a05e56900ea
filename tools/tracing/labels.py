"""How a trace can be found again: session, user, tags, the prompts' hash, as attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig

from churon.tools.tracing import attributes as names
from churon.tools.tracing.masks import Masks, is_secret

_OWN = ("langfuse_", "ls_", "langgraph_", "checkpoint_", "__")
_MOST = 200
"""Langfuse takes no longer sessions, users and tags."""


@dataclass(frozen=True)
class Labels:
    """Of one run."""

    graph: str
    tags: tuple[str, ...]
    session: str = ""
    user: str = ""
    environment: str = ""
    metadata: tuple[tuple[str, str], ...] = ()

    def of_span(self) -> dict[str, Any]:
        """On every span, as Langfuse's views filter single ones."""
        given = {
            names.SESSION: self.session,
            names.USER: self.user,
            names.ENVIRONMENT: self.environment,
        }
        return {name: value for name, value in given.items() if value}

    def of_run(self) -> dict[str, Any]:
        """On the run's own span, when it begins."""
        held = {names.TRACE_METADATA + name: value for name, value in self.metadata}
        shown = {names.APP_ROOT: True, names.TRACE_NAME: self.graph, names.TRACE_TAGS: self.tags}
        return {**shown, **held}

    def of_outcome(self, outcome: Mapping[str, Any]) -> dict[str, Any]:
        """On it when it ends: the language is known then."""
        return {names.TRACE_TAGS: (*self.tags, f"language:{outcome.get('language')}")}


def labels_of(
    config: RunnableConfig, graph: str, tags: list[str], environment: str, masks: Masks
) -> Labels:
    """From the keys that Langfuse documents for LangChain's metadata, or LangGraph's own.

    The thread of a conversation is its session.
    """
    given: dict[str, Any] = {**(config.get("metadata") or {})}
    settled: dict[str, Any] = {**(config.get("configurable") or {})}
    session = given.get("langfuse_session_id") or settled.get("thread_id") or ""
    user = given.get("langfuse_user_id") or settled.get("langgraph_auth_user_id") or ""
    named = given.get("langfuse_tags") or []
    listed = named if isinstance(named, (list, tuple)) else [named]

    def mask(value: Any) -> str:
        return masks.text(str(value), "shown")[:_MOST]

    plain = {
        name: mask(value)
        for name, value in given.items()
        if isinstance(value, (str, int, float, bool))
        and not (name.startswith(_OWN) or is_secret(name))
    }
    return Labels(
        graph=graph,
        tags=tuple(dict.fromkeys(mask(tag) for tag in [*tags, *listed])),
        session=mask(session),
        user=mask(user),
        environment=environment,
        metadata=tuple(sorted(plain.items())),
    )
