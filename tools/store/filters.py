"""Milvus filter expressions; the one place that quotes a value."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from churon.tools.errors import StoreError
from churon.tools.types import Filter

COLUMNS = frozenset({"id", "document", "tenant", "detected_language"})
"""Fields with a text column of their own; every other one lives in the JSON column `metadata`."""

_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_INT64 = 2**63


def expression(filter: Filter | None, tenant: str | None = None) -> str:
    """The boolean expression for all of `filter`'s fields and, where given, the tenant.

    "" for neither. Raises StoreError for a field name that is no identifier and for a value that
    has no exact spelling: NaN, infinities, integers beyond 64 bits, other types, empty lists.
    """
    clauses = [] if tenant is None else [f"tenant == {literal(tenant)}"]
    clauses += [_clause(field, value) for field, value in (filter or {}).items()]
    return " and ".join(clauses)


def among(column: str, values: Sequence[str]) -> str:
    """Membership of a text column in `values`, which must not be empty."""
    return f"{column} in [{', '.join(map(literal, values))}]"


def literal(value: object) -> str:
    """One scalar as Milvus reads it. Raises StoreError for what cannot be spelled exactly."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{_encodable(value).translate(_ESCAPES)}"'
    if isinstance(value, int) and -_INT64 < value < _INT64:
        return str(int(value))
    if isinstance(value, float) and math.isfinite(value):
        return f"{float(value)!r}"
    raise StoreError(
        f"The filter value {value!r} cannot be compared in Milvus.",
        remedy="Use text, 64-bit integers, finite floats, booleans, or lists of them.",
    )


def _clause(field: str, value: object) -> str:
    if not isinstance(field, str) or not _FIELD.fullmatch(field):
        raise StoreError(
            f"The filter field {field!r} is no identifier.",
            remedy="Use letters, digits and underscores.",
        )
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    if not values:
        raise StoreError(
            f"The filter field {field!r} has an empty list, which nothing can match.",
            remedy="Name a value or leave the field out.",
        )
    if field in COLUMNS:
        return among(field, [_text(field, one) for one in values])
    # Milvus Lite knows no `in` on a JSON path
    equal = [f'metadata["{field}"] == {literal(one)}' for one in values]
    return equal[0] if len(equal) == 1 else f"({' or '.join(equal)})"


def _text(field: str, value: object) -> str:
    if isinstance(value, str):
        return value
    raise StoreError(
        f"The filter field {field!r} holds text and cannot equal {value!r}.",
        remedy="Give a string.",
    )


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise StoreError(
            f"The text {text!r} holds half a surrogate pair, which is no character.",
            remedy="Decode it with the right encoding first.",
        ) from error
    return text
