"""The page's modules as one script: a file that is opened from a disk may import no other.

Each module becomes a function that gives what it exports; so names in one are hidden from others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./([\w-]+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:function|const) (\w+))", re.MULTILINE)


def joined(modules: Mapping[str, str], entry: str) -> str:
    """`entry` after all that it imports, each once. Raises ValueError for modules that import each
    other, and for an import or export of another form.
    """
    order: dict[str, None] = {}
    _visit(modules, entry, order, ())
    return "\n".join(_wrapped(name, modules[name]) for name in order)


def _visit(
    modules: Mapping[str, str], name: str, order: dict[str, None], above: tuple[str, ...]
) -> None:
    if name in above:
        raise ValueError(f"Modules import each other: {' → '.join((*above, name))}.")
    for _, needed in _IMPORT.findall(modules[name]):
        if needed not in order:
            _visit(modules, needed, order, (*above, name))
    order[name] = None


def _wrapped(name: str, text: str) -> str:
    given = ", ".join(_EXPORT.findall(text))
    body = _IMPORT.sub(lambda found: f"const {found[1]} = {_named(found[2])};", text)
    body = _EXPORT.sub("", body)
    if odd := re.search(r"^(?:import|export)\b.*", body, re.MULTILINE):
        raise ValueError(f"{name}.js cannot be joined: {odd[0]!r}.")
    return f"const {_named(name)} = (() => {{\n{body}\nreturn {{ {given} }};\n}})();"


def _named(module: str) -> str:
    return "module_" + module.replace("-", "_")
