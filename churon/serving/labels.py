"""How a request's runs are found in traces: its session, its user, its door and its id."""

from __future__ import annotations

from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import merge_configs

from churon.serving.visit import Visit


def labelled(config: RunnableConfig | None, visit: Visit) -> RunnableConfig:
    """`config` with the names that Langfuse documents for LangChain's metadata.

    A client says whose question it passes on; the name of its key stands in where it does not.
    """
    given = {
        "langfuse_session_id": visit.session,
        "langfuse_user_id": visit.user or visit.caller.key,
        "request": visit.id,
    }
    metadata: dict[str, Any] = {name: value for name, value in given.items() if value}
    metadata["langfuse_tags"] = [f"door:{visit.door}"]
    if visit.caller.key:
        metadata["langfuse_tags"].append(f"key:{visit.caller.key}")
    return merge_configs(config, {"metadata": metadata})
