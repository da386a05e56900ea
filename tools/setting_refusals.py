"""What is said of a setting that is refused: its name and why, and its value where that tells no
secret. Such messages end up in logs and in questions to others."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from inspect import isclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource
from pydantic_settings.exceptions import SettingsError as PydanticSettingsError

from churon.tools.addresses import shown
from churon.tools.errors import SettingsError
from churon.tools.trace_settings import TraceSettings
from churon.tools.tracing.masks import Masks, is_secret

_PREFIX = "CHURON_"
_KUBERNETES = re.compile(
    r"SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?"
)
"""What it tells every pod of a namespace about a Service with the name churon."""
_SECRET_TABLES = frozenset({"headers", "keys"})
"""Whatever stands in them."""
_NO_VALUES = frozenset({"extra_forbidden", "model_type", "dict_type"})
"""Errors of unknown names, and of what is no section."""
_ALL = "`churon config` shows every name and value."
_KEY = "[key]"
"""pydantic's mark where a table's key is refused, not its value."""


def refuse_unknown_variables(known: Iterable[str]) -> None:
    """Raise SettingsError for a CHURON_* variable of no known section.

    pydantic-settings checks nested names only; a misspelt section would be ignored silently.
    """
    sections = {name.upper() for name in known}
    for variable in os.environ:
        name = variable.removeprefix(_PREFIX)
        if name == variable or _KUBERNETES.fullmatch(name):
            continue
        if name.split("__")[0].upper() not in sections:
            raise SettingsError(
                f"The variable {variable} is not a setting.",
                remedy=f"Known sections: {', '.join(sorted(sections)).lower()}.",
            )


def refused(error: ValidationError, settings: type[BaseModel]) -> SettingsError:
    """Of the first wrong setting."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"] if part != _KEY)
    if first["type"] == "extra_forbidden":
        near = _nearest(name, list(_names(settings)))
        return SettingsError(
            f"There is no setting {name!r}.",
            remedy=f"Did you mean {near!r}? {_ALL}" if near else _ALL,
        )
    value = "" if _is_private(first) else f"={_shown(first['input'])}"
    why = first["msg"].removeprefix("Value error, ")  # pydantic's words before a check of ours
    return SettingsError(
        f"The setting {name}{value} is refused: {why}.",
        remedy=_ALL,
    )


def _names(model: type[BaseModel], before: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isclass(kind) and issubclass(kind, BaseModel):
            yield from _names(kind, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def _nearest(name: str, names: Sequence[str]) -> str:
    """The name that is written alike, or one of another section that ends so; else ""."""
    sections = {one.rpartition(".")[0] for one in names} - {""}
    alike = names if "." in name else [*sections, *(one for one in names if "." not in one)]
    ends = [one for one in names if one.rpartition(".")[2] == name.rpartition(".")[2]]
    found = get_close_matches(name, alike, 1, 0.75) or get_close_matches(name, ends, 1, 0.0)
    return next(iter(found), "")


def unreadable(error: PydanticSettingsError, settings: type[BaseSettings]) -> SettingsError:
    """Of the first variable that holds no JSON where lists and tables are wanted."""
    for variable in [one for one in os.environ if one.upper().startswith(_PREFIX)]:
        source = EnvSettingsSource(settings)
        source.env_vars = {variable.lower(): os.environ[variable]}
        try:
            source()
        except PydanticSettingsError as found:
            return SettingsError(
                f"The variable {variable} is no JSON: {found.__cause__}.",
                remedy='Write lists as JSON, such as ["a", "b"], and tables as {"name": "value"}.',
            )
    return SettingsError(
        f"The environment is refused: {error}.",
        remedy=f"Look at the variables that start with {_PREFIX}.",
    )


def _is_private(problem: Any) -> bool:
    """A secret may be under a wrong name, in a section's place, or in an address."""
    value, names = problem["input"], [str(part) for part in problem["loc"]]
    return (
        problem["type"] in _NO_VALUES
        or not isinstance(value, (str, int, float, bool, type(None)))
        or "@" in str(value)
        or any(name == _KEY or name in _SECRET_TABLES or is_secret(name) for name in names)
    )


def _shown(value: Any) -> str:
    return Masks(TraceSettings()).text(shown(repr(value)), "shown")
