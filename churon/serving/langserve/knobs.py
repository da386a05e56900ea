"""A client's `configurable` as the run's context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo

from churon.tools.context import RagContext

_FOREIGN = ("__", "checkpoint_", "langgraph_", "thread_id")
"""How names begin that LangGraph adds where a RemoteRunnable works inside a host graph."""


def knobs_model() -> type[BaseModel]:
    """`RagContext` with every knob optional, which the playground shows as a form.

    LangServe drops the bounds, and would drop unknown names: these are let through, and refused
    with our own message when the context is made.
    """
    return _optional(RagContext)


def given(configurable: Mapping[str, Any] | None) -> dict[str, Any]:
    """The knobs that a client set."""
    own = (configurable or {}).items()
    return {key: _set(value) for key, value in own if _is_set(key, value)}


def _is_set(key: str, value: Any) -> bool:
    return value is not None and not key.startswith(_FOREIGN)


def _set(value: Any) -> Any:
    return given(value) if isinstance(value, Mapping) else value


def _optional(model: type[BaseModel]) -> type[BaseModel]:
    fields: dict[str, Any] = {name: _field(info) for name, info in model.model_fields.items()}
    extra = ConfigDict(extra="allow")
    return create_model(f"{model.__name__}Knobs", __config__=extra, **fields)


def _field(info: FieldInfo) -> tuple[Any, Any]:
    kind: Any = info.annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        kind = _optional(kind)
    return kind | None, Field(None, description=info.description)
