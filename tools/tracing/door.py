"""One handler a run: added where the settings ask for traces and nobody traces the run already."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config, merge_configs

from churon.tools.addresses import shown
from churon.tools.settings import Settings

if TYPE_CHECKING:
    from churon.tools.tracing.handler import SpanHandler

log = logging.getLogger("churon.tracing")
_FOREIGN = {
    "langfuse": "langfuse",
    "openinference": "otlp",
    "opentelemetry": "otlp",
}
"""Top package of a host's handler -> the sink that would trace the same a second time."""


def langfuse_on(settings: Settings) -> bool:
    """Both keys are set."""
    return bool(settings.langfuse.public_key and settings.langfuse.secret_key)


def otlp_on(settings: Settings) -> bool:
    """A collector is asked for."""
    return settings.trace.otlp or settings.trace.endpoint is not None


@asynccontextmanager
async def traced(
    config: RunnableConfig | None, settings: Settings, graph: str
) -> AsyncIterator[RunnableConfig | None]:
    """`config` with the handler of this run; its spans are sent in the background.

    A run inside a traced run (a subgraph, a host graph with its own handler) adds none.
    """
    wanted = frozenset(_sinks(settings))
    if wanted:  # each graph inside a graph comes here
        wanted -= _taken(config)
    handler = await _handler(config, settings, graph, wanted) if wanted else None
    if handler is None:
        yield config
        return
    try:
        yield merge_configs(config, {"callbacks": [handler]})
    finally:
        handler.close()


def _sinks(settings: Settings) -> set[str]:
    found = {"langfuse"} if langfuse_on(settings) else set()
    return found | ({"otlp"} if otlp_on(settings) else set())


def _taken(config: RunnableConfig | None) -> set[str]:
    """Sinks that a handler above serves already."""
    callbacks = ensure_config(config).get("callbacks")
    handlers: Any = getattr(callbacks, "handlers", callbacks) or []
    found: set[str] = set()
    for handler in handlers:
        found |= getattr(handler, "sinks", frozenset()) if _is_ours(handler) else _foreign(handler)
    return found


def _is_ours(handler: Any) -> bool:
    return type(handler).__module__ == "churon.tools.tracing.handler"


def _foreign(handler: Any) -> set[str]:
    # a host may have made a class of its own of Langfuse's
    packages = {kind.__module__.partition(".")[0] for kind in type(handler).__mro__}
    return {_FOREIGN[name] for name in packages if name in _FOREIGN}


async def _handler(
    config: RunnableConfig | None, settings: Settings, graph: str, sinks: frozenset[str]
) -> SpanHandler | None:
    try:
        # the first time, libraries are imported and files are read
        return await asyncio.to_thread(_made, ensure_config(config), settings, graph, sinks)
    except Exception as error:  # a wrong certificate file, say; a question is answered all the same
        log.warning("this run is not traced: %s: %s", type(error).__name__, shown(str(error)))
        return None


def _made(
    config: RunnableConfig, settings: Settings, graph: str, sinks: frozenset[str]
) -> SpanHandler:
    from churon.tools.tracing.handler import SpanHandler
    from churon.tools.tracing.labels import labels_of
    from churon.tools.tracing.masks import Masks, secrets_of
    from churon.tools.tracing.pipe import pipe
    from churon.tools.tracing.view import View

    masks = Masks(settings.trace, secrets_of(settings))
    tags = [f"graph:{graph}", f"preset:{settings.preset}"]
    environment = settings.langfuse.environment
    labels = labels_of(config, graph, tags, environment, masks)
    tracer = pipe(settings, sinks).tracer
    return SpanHandler(tracer, View(masks, settings.trace.chars), labels, sinks)
