"""`RagGraph`: a compiled LangGraph that also serves callers that are not async, and traces runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config, merge_configs
from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph

from churon.graphs.policy import STEPS
from churon.graphs.saver import threaded
from churon.nodes.prompts import content_hash
from churon.tools.context import resolve_context
from churon.tools.loop import iterate_sync, run_sync
from churon.tools.toolkit import Toolkit
from churon.tools.trace import traced

_SAVER = "__pregel_checkpointer"


class RagGraph(CompiledStateGraph):  # type: ignore[type-arg]
    """All nodes are async; `invoke` and `stream` run them on one background event loop."""

    def __init__(self, *, toolkit: Toolkit, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.toolkit = toolkit

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """The output, from code that is not async."""
        return run_sync(self.ainvoke(input, config, **kwargs))

    def stream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Any]:
        """Events as they come, from code that is not async."""
        # fixed here, in the caller's context: the background loop has another one
        return iterate_sync(self.astream(input, ensure_config(config), **kwargs))

    async def astream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Any]:
        """Events as they come; one Langfuse handler a run where keys are set."""
        # settings are a file: read in a thread, as a server forbids blocking its loop
        settings = await asyncio.to_thread(lambda: self.toolkit.settings)
        if isinstance(kwargs.get("context"), Mapping):
            # checked here for one clear message instead of pydantic's
            resolve_context(kwargs["context"], settings.context)
        async with traced(_prepared(config), settings.langfuse) as with_trace:
            async for event in super().astream(_complete(input), with_trace, **kwargs):
                yield event


def _complete(asked: Any) -> Any:
    """Optional inputs reset: what an earlier run on the thread was given must not linger."""
    if not isinstance(asked, Mapping) or "question" not in asked:
        return asked
    given = {key: value for key, value in asked.items() if value is not None}
    return {"language": "auto", "history": [], "filter": None, **given}


def _prepared(config: RunnableConfig | None) -> RunnableConfig:
    """Prompts by hash in every trace; a host's recursion limit and sync saver made to fit."""
    merged = merge_configs(config, {"metadata": {"churon_prompts": content_hash()}})
    merged["recursion_limit"] = max(merged.get("recursion_limit", 0), STEPS)
    configurable = dict(merged.get("configurable") or {})
    if _SAVER in configurable:  # a host graph's, handed down to its nodes
        configurable[_SAVER] = threaded(configurable[_SAVER])
    return {**merged, "configurable": configurable}


def compiled(
    builder: StateGraph[Any, Any, Any, Any],
    name: str,
    toolkit: Toolkit,
    checkpointer: Any = None,
) -> RagGraph:
    """The builder's graph as a `RagGraph`, its recursion limit above what a run can need."""
    plain = builder.compile(checkpointer=threaded(checkpointer), name=name)
    attributes = {key: value for key, value in vars(plain).items() if key != "__orig_class__"}
    return RagGraph(toolkit=toolkit, **attributes).with_config(recursion_limit=STEPS)
