"""Variants: what A and B are, `NAME=GRAPH[,key=value…]` each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from churon.evals.baselines.registry import ALL
from churon.tools.context import RagContext
from churon.tools.errors import InputError
from churon.tools.settings import Settings

SettingsFor = Callable[[str | None, list[str]], Settings]
"""(preset or None, ["section.name=value", …]) -> settings."""
_NAME = re.compile(r"[\w.+-]+")
_COMMA = re.compile(r",(?![^\[\]]*\])")
"""A comma that is not inside a list."""


@dataclass(frozen=True)
class Variant:
    """A graph with settings of its own."""

    name: str
    graph: str
    settings: Settings


def variants(texts: Sequence[str], settings_for: SettingsFor) -> list[Variant]:
    """All of them. Raises InputError, SettingsError."""
    if not texts:
        raise InputError(
            "There is nothing to evaluate.",
            remedy="Name a graph, such as --variant self_rag or --variant small=self_rag,k2=3.",
        )
    made = [_variant(text, settings_for) for text in texts]
    names = [one.name for one in made]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError(
            f"Two variants are named {twice!r}.", remedy="Name one of them: NAME=GRAPH,key=value."
        )
    return made


def _variant(text: str, settings_for: SettingsFor) -> Variant:
    head, *pairs = _COMMA.split(text)
    name, named, graph = (part.strip() for part in head.partition("="))
    graph = graph if named else name
    if not _NAME.fullmatch(name) or not all("=" in pair for pair in pairs):
        raise InputError(
            f"{text!r} is not NAME=GRAPH[,key=value…].",
            remedy="Write for example small=self_rag,k2=3,limits.calls=20 or self_rag.",
        )
    if graph not in ALL:
        raise InputError(f"There is no graph {graph!r}.", remedy=f"Use one of {', '.join(ALL)}.")
    preset, overrides = _overrides(pairs)
    return Variant(name, graph, settings_for(preset, overrides))


def _overrides(pairs: Sequence[str]) -> tuple[str | None, list[str]]:
    """The preset, and whole names: a bare key is one of the run's context."""
    preset, overrides = None, []
    for pair in pairs:
        key, _, value = (part.strip() for part in pair.partition("="))
        if key == "preset":
            preset = value
            continue
        first = key.partition(".")[0]
        known = first in Settings.model_fields and first not in RagContext.model_fields
        overrides.append(f"{key if known else f'context.{key}'}={value}")
    return preset, overrides
