"""Langfuse tracing: one handler per run where keys are set, nothing otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config, merge_configs

from churon.tools.settings import LangfuseSettings


def tracing_on(settings: LangfuseSettings) -> bool:
    """Both keys are set."""
    return bool(settings.public_key and settings.secret_key)


@asynccontextmanager
async def traced(
    config: RunnableConfig | None, settings: LangfuseSettings
) -> AsyncIterator[RunnableConfig | None]:
    """`config` with a Langfuse handler for this run; flushed in a thread when the run ends.

    A run inside a traced run (a subgraph, a host graph with its own handler) adds none.
    """
    if not tracing_on(settings) or _has_handler(config):
        yield config
        return
    client, handler = await asyncio.to_thread(_handler, settings)
    try:
        yield merge_configs(config, {"callbacks": [handler]})
    finally:
        await asyncio.to_thread(client.flush)  # bounded by settings.timeout; never raises


def _has_handler(config: RunnableConfig | None) -> bool:
    callbacks = ensure_config(config).get("callbacks")
    handlers: Any = getattr(callbacks, "handlers", callbacks) or []
    return any(type(handler).__module__.startswith("langfuse") for handler in handlers)


def _handler(settings: LangfuseSettings) -> tuple[Any, Any]:
    from langfuse.langchain import CallbackHandler

    client = _client(settings)
    return client, CallbackHandler(public_key=settings.public_key)


@lru_cache(maxsize=8)
def _client(settings: LangfuseSettings) -> Any:
    from langfuse import Langfuse

    assert settings.secret_key is not None
    return Langfuse(
        public_key=settings.public_key,
        secret_key=settings.secret_key.get_secret_value(),
        host=settings.host,
        timeout=settings.timeout,
    )
