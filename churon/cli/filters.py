"""`--filter KEY=VALUE`: metadata that passages must have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, get_args

from churon.cli.common import pair, toml
from churon.tools.errors import InputError, StoreError
from churon.tools.types import Filter, Language

_LANGUAGES = get_args(Language)
_EXAMPLE = "Write for example document=docs/rules.md or detected_language=ko."


def filter_of(pairs: Sequence[str]) -> Filter | None:
    """All keys must hold, and of a key that is given twice one of its values. Raises InputError."""
    from churon.tools.store.filters import expression

    held: dict[str, list[Any]] = {}
    for one in pairs:
        name, text = pair(one, _EXAMPLE)
        if not text:
            raise InputError(f"The filter {one!r} has no value.", remedy=_EXAMPLE)
        value = _value(name, text)
        _check(name, value)
        held.setdefault(name, []).extend(value if isinstance(value, list) else [value])
    wanted = {name: some[0] if len(some) == 1 else some for name, some in held.items()}
    try:
        expression(wanted)
    except StoreError as error:  # nothing was asked of the store: the option is wrong
        raise InputError(error.message, remedy=error.remedy) from error
    return wanted or None


def _check(name: str, value: Any) -> None:
    """Raise InputError where no passage can have it; other metadata may be whatever was written."""
    for one in value if isinstance(value, list) else [value]:
        if name == "detected_language" and one not in _LANGUAGES:
            wanted = " or ".join(_LANGUAGES)
        elif name == "page" and (isinstance(one, bool) or not isinstance(one, int)):
            wanted = "a number"
        else:
            continue
        raise InputError(f"No passage has {name}={one!r}.", remedy=f"Write {name} as {wanted}.")


def _value(name: str, text: str) -> Any:
    """Number, boolean or list where it reads as one and the field is not text, else text."""
    from churon.tools.store.filters import COLUMNS

    value = toml(text)
    if isinstance(value, (str, list)):
        return value
    plain = isinstance(value, (bool, int))
    finite = isinstance(value, float) and math.isfinite(value)
    return value if (plain or finite) and name not in COLUMNS else text
