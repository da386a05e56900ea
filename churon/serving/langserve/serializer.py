"""LangServe's serializer, for the objects that LangGraph puts into its events."""

from __future__ import annotations

from typing import Any

import orjson
from langgraph.types import Command, Interrupt, Overwrite, Send
from langserve.serialization import WellKnownLCSerializer
from pydantic import BaseModel

_FIELDS: dict[type, tuple[str, ...]] = {
    Send: ("node", "arg"),
    Overwrite: ("value",),
    Command: ("update", "goto"),
    Interrupt: ("value",),
}
_OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_NON_STR_KEYS


class EventSerializer(WellKnownLCSerializer):
    """Without it a `Send` ends the stream (langserve#721)."""

    def dumps(self, obj: Any) -> bytes:
        """JSON; what is no data is named by its type, never shown."""
        return orjson.dumps(obj, default=_plain, option=_OPTIONS)


def _plain(obj: Any) -> Any:
    for kind, fields in _FIELDS.items():
        if isinstance(obj, kind):
            return {field: getattr(obj, field) for field in fields}
    if isinstance(obj, BaseModel):
        return obj.model_dump()
    if isinstance(obj, (set, frozenset)):
        return sorted(obj, key=repr)
    return f"<{type(obj).__name__}>"
