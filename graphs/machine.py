"""`RagGraph`: a compiled LangGraph that also serves callers that are not async, and traces runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config, merge_configs
from langchain_core.runnables.graph import Graph
from langchain_core.tools import BaseTool
from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph

from churon.graphs.policy import STEPS
from churon.graphs.saver import SAVER, threaded
from churon.graphs.tool import tool
from churon.nodes.prompts import content_hash
from churon.tools.context import resolve_context
from churon.tools.loop import iterate_sync, run_sync
from churon.tools.toolkit import Toolkit
from churon.tools.tracing.door import traced

_TASK = "__pregel_task_id"
"""LangGraph's name for the node that a graph runs as."""
_OPTIONAL: dict[str, dict[str, Any]] = {
    "question": {"language": "auto", "history": [], "filter": None},
    "messages": {"language": "auto", "filter": None},
}
"""By what is asked for, what may be left out."""


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
        """Events as they come; one handler a run where traces are asked for."""
        settings = await self.toolkit.read_settings()
        if isinstance(kwargs.get("context"), Mapping):
            # checked here for one clear message instead of pydantic's
            resolve_context(kwargs["context"], settings.context)
        if _TASK in ((config or {}).get("configurable") or {}) and not kwargs.get("output_keys"):
            # as a node under astream_events LangGraph would hand up all channels, not the output
            kwargs["output_keys"] = self.output_channels
        async with traced(_prepared(config), settings, self.name) as with_trace:
            events: Any = super().astream(_complete(input), with_trace, **kwargs)
            async with aclosing(events):  # who leaves a stream early ends its run
                async for event in events:
                    yield event

    def as_tool(  # type: ignore[override]
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> BaseTool:
        """A tool for agents: a question in, the answer with its sources out, the whole output as
        the message's artifact. See `churon.graphs.tool.tool`.
        """
        return tool(self, name, description, context)

    def get_graph(self, config: RunnableConfig | None = None, *, xray: int | bool = False) -> Graph:
        """What there is to draw; with `xray`, what is inside the nodes too."""
        return _tidy(super().get_graph(config, xray=xray))

    async def aget_graph(
        self, config: RunnableConfig | None = None, *, xray: int | bool = False
    ) -> Graph:
        """As `get_graph`; what servers ask for."""
        return _tidy(await super().aget_graph(config, xray=xray))


def _tidy(drawn: Graph) -> Graph:
    """Without LangGraph's nodes for error handlers, which no edge leads to."""
    for key in [key for key in drawn.nodes if "__error_handler__" in key]:
        del drawn.nodes[key]
    kept = [e for e in drawn.edges if e.source in drawn.nodes and e.target in drawn.nodes]
    drawn.edges[:] = kept
    return drawn


def _complete(asked: Any) -> Any:
    """Optional inputs reset: what an earlier run on the thread was given must not linger."""
    if not isinstance(asked, Mapping):
        return asked
    optional = next((_OPTIONAL[key] for key in _OPTIONAL if key in asked), None)
    if optional is None:
        return asked
    given = {key: value for key, value in asked.items() if value is not None or key not in optional}
    return {**optional, **given}


def _prepared(config: RunnableConfig | None) -> RunnableConfig:
    """Prompts by hash in every trace; a host's recursion limit and sync saver made to fit."""
    merged = merge_configs(config, {"metadata": {"churon_prompts": content_hash()}})
    merged["recursion_limit"] = max(merged.get("recursion_limit", 0), STEPS)
    configurable = dict(merged.get("configurable") or {})
    if SAVER in configurable:
        configurable[SAVER] = threaded(configurable[SAVER])
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
