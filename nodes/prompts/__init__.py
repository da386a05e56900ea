"""Prompts: one Markdown file a step and language, `{name}` where a value goes.

Passages stand before the task, so that grading, answering and checking the same passage share the
model's cached prefix. Grading and checking name their letters, the same in both languages.

Support is asked in English in both. Qwen2.5-Coder-1.5B, asked in Korean of 96 Korean sentences,
half of them wrong, told right from wrong with an AUC of .71, and called 83 % of the wrong ones
fully supported; asked in English of the same ones .87, and 25 %.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from churon.tools.korean import tokens_at_most
from churon.tools.types import Evidence, Language

_NAME = re.compile(r"\{([a-z_]+)\}")
_MARK = re.compile(
    r"<(?=[|｜][^<>]{1,40}[|｜]>|/?s>|(?:start|end)_of_turn>|(?:begin|end)_of_text>|/?(?:bos|eos|pad)>)"
    r"|\[(?=/?INST\]|/?SYSTEM_PROMPT\])",
    re.IGNORECASE,
)
"""Before the rest of a mark of ChatML, Llama, Gemma, Mistral, Phi or DeepSeek."""


class Prompts:
    """The prompt files of one package, read once: event loops must not wait for files."""

    def __init__(self, package: str) -> None:
        found = files(package).iterdir()
        self._texts = {f.name: f.read_text("utf-8").strip() for f in found if _is_prompt(f.name)}
        self._versions = {name: f"{name}@{_digest(text)}" for name, text in self._texts.items()}

    def messages(self, step: str, language: Language, **values: str) -> list[BaseMessage]:
        """The system message (the step's own, or the package's) and the filled prompt of one step.

        Raises ValueError when `values` lacks a variable of the file or brings one it does not have.
        """
        name, own = f"{step}.{language}.md", f"system_{step}.{language}.md"
        system = self._texts[own if own in self._texts else f"system.{language}.md"]
        version = {"prompt": self._versions[name]}  # for traces: which text a call was made with
        filled = fill(self._texts[name], values)
        return [SystemMessage(system), HumanMessage(filled, additional_kwargs=version)]

    def content_hash(self) -> str:
        """Twelve hex digits over all prompt files; goes into traces and evaluation rows."""
        pairs = sorted(self._texts.items())
        return _digest("".join(f"{name}\0{text}\0" for name, text in pairs))


def _is_prompt(name: str) -> bool:
    return name.endswith(".md")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def fill(template: str, values: dict[str, str]) -> str:
    """`template` with every `{name}` replaced once; what a value contains is left alone."""
    wanted, given = set(_NAME.findall(template)), set(values)
    if wanted != given:
        raise ValueError(
            f"The prompt lacks values for {sorted(wanted - given)} "
            f"and does not use {sorted(given - wanted)}."
        )
    return _NAME.sub(lambda found: unmarked(values[found[1]]), template)


def unmarked(text: str) -> str:
    """The text, whose marks of a chat template ("<|im_end|>") are broken: to a model one ends its
    message, and what a document says behind it is an order, or the model's own answer.
    """
    return _MARK.sub(r"\g<0> ", text)


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


_OWN = Prompts("churon.nodes.prompts")
messages = _OWN.messages
content_hash = _OWN.content_hash
