"""What no span may show: secrets always, hidden parts and patterns as the settings say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, SecretStr

from churon.tools.trace_settings import PATTERNS, TraceSettings

_SECRET_KEY = re.compile(
    r"(^|[_-])(api_?key|secret|secret_?key|password|passwd|authorization|credentials?|token)$",
    re.IGNORECASE,
)
_SECRET_TEXT = (  # no \b: between Hangul and a letter there is none
    r"(?<![A-Za-z0-9])(?:(?:sk|pk)-[A-Za-z0-9_-]{12,}|Bearer\s+\S{8,})"
    r"|(?<=://)[^/\s?#\"'<>,]+(?=@)"  # a user, or a token alone
)
_FIELD = re.compile(r"[a-z0-9_.:-]{1,64}")
_SHORTEST = 6
"""Characters of a setting's secret that are looked for in texts; shorter ones would blot words."""
_PARTS = {
    "question": ("question", "standalone", "history", "queries", "query", "siblings", "missing"),
    "passages": ("evidence", "passage", "passages", "documents", "page_content", "title"),
    "answer": ("answer", "claims", "partials", "candidates", "candidate", "drafts", "beams"),
}
_PART = {key: part for part, keys in _PARTS.items() for key in keys}
_PLAIN = frozenset(
    {
        "id", "ids", "run", "language", "status", "step", "op", "method", "support", "action",
        "stop_reason", "degraded", "depends_on", "node", "graph", "top", "kept", "used_by",
        "evidence_id", "evidence_ids", "verdict", "route", "parent", "rung", "ended", "role",
        "form", "machine",
    }
)  # fmt: skip
"""Names whose values are the house's own words and ids."""


@lru_cache(maxsize=1_024)
def is_secret(key: str) -> bool:
    """A value under this key is never shown."""
    return bool(_SECRET_KEY.search(key))


@lru_cache(maxsize=1_024)
def _is_field(key: str) -> bool:
    return bool(_FIELD.fullmatch(key))


class Masks:
    """`text` is applied to every string that a span shows."""

    def __init__(self, settings: TraceSettings, secrets: Iterable[str] = ()) -> None:
        self.hide = settings.hide
        # the longest first: one secret may be the beginning of another
        found = sorted(secrets, key=len, reverse=True)
        # with what follows: it may itself be the beginning of another
        known = [rf"{re.escape(one)}[\w\-]*" for one in found if len(one) >= _SHORTEST]
        # in one pass: what one pattern takes away may be half of what another looks for
        self._secrets = re.compile("|".join([*known, _SECRET_TEXT]))
        self._patterns = [re.compile(PATTERNS.get(one, one)) for one in settings.redact]

    def part(self, key: str, inherited: str) -> str:
        """What a value under this key tells: a part of the run, "plain", or "" for unknown."""
        return "plain" if key in _PLAIN else _PART.get(key) or inherited

    def hidden(self, part: str) -> bool:
        """Where anything is hidden, what is not known to be something else is hidden too."""
        return part in self.hide or (part == "" and bool(self.hide))

    def name(self, key: str) -> str:
        """A mapping's key: a field or an id as it is, anything else is a text itself."""
        return key if _is_field(key) else self.text(key, "" if self.hide else "shown")

    def text(self, text: str, part: str) -> str:
        """What may be shown of it."""
        if self.hidden(part):
            return f"[{len(text)} characters]"
        if not text.isascii():  # half a character would lose the batch
            text = text.encode("utf-8", "replace").decode()
        if len(text) >= _SHORTEST:
            text = self._secrets.sub("[secret]", text)
        for pattern in self._patterns:
            text = pattern.sub("[redacted]", text)
        return text


def secrets_of(settings: BaseModel) -> set[str]:
    """Every secret in these settings, at any depth."""
    return set(_secrets(settings))


def _secrets(value: Any) -> Iterable[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, dict):
        for one in value.values():
            yield from _secrets(one)
