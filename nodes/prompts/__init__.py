"""Prompts: one Markdown file a step and language, `{name}` where a value goes.

Passages stand before the task, so that grading, answering and checking the same passage share the
model's cached prefix. Grading and checking name their letters, the same in both languages.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from churon.tools.korean import tokens_at_most
from churon.tools.types import Evidence, Language

_NAME = re.compile(r"\{([a-z_]+)\}")


def messages(step: str, language: Language, **values: str) -> list[BaseMessage]:
    """The system message and the filled prompt of one step.

    Raises ValueError when `values` lacks a variable of the file or brings one it does not have.
    """
    return [
        SystemMessage(_TEXTS[f"system.{language}.md"]),
        HumanMessage(fill(_TEXTS[f"{step}.{language}.md"], values)),
    ]


def fill(template: str, values: dict[str, str]) -> str:
    """`template` with every `{name}` replaced once; what a value contains is left alone."""
    wanted, given = set(_NAME.findall(template)), set(values)
    if wanted != given:
        raise ValueError(
            f"The prompt lacks values for {sorted(wanted - given)} "
            f"and does not use {sorted(given - wanted)}."
        )
    return _NAME.sub(lambda found: values[found[1]], template)


def passage_text(passage: Evidence) -> str:
    """One passage as prompts show it: where it comes from, then its text."""
    return f"[{passage['title']}]\n{passage['text']}"


def fitting(passages: Sequence[Evidence], room: int) -> list[Evidence]:
    """The first passages whose texts fit `room` tokens together; at least one."""
    shown: list[Evidence] = []
    for passage in passages:
        room -= tokens_at_most(passage_text(passage)) + 8
        if shown and room < 0:
            break
        shown.append(passage)
    return shown


def numbered(passages: Sequence[Evidence]) -> str:
    """Passages as `[1] …`, in their order."""
    return "\n\n".join(f"[{n}] {passage_text(p)}" for n, p in enumerate(passages, 1))


@cache
def content_hash() -> str:
    """Twelve hex digits over all prompt files; goes into traces and evaluation rows."""
    digest = hashlib.sha256()
    for name, text in sorted(_TEXTS.items()):
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()[:12]


def _texts() -> dict[str, str]:
    found = files("churon.nodes.prompts").iterdir()
    return {f.name: f.read_text("utf-8").strip() for f in found if f.name.endswith(".md")}


# Read when graphs are imported: nodes run on event loops, which must not wait for files
_TEXTS = _texts()
