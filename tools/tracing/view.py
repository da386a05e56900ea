"""Objects as spans show them: plain, masked, and short, as states are large and seen by every node.

A state shows its passages by document and scores: their text stands in the retriever's span and in
the prompts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from langgraph.types import Overwrite, Send

from churon.tools.tracing.masks import Masks, is_secret

_STATE_CHARS, _ITEMS, _ENTRIES, _DEPTH = 500, 20, 100, 7
_LEFT_OUT = frozenset({"account"})
_GROWING = frozenset({"evidence", "steps", "results", "drafts", "judged", "candidates"})
_BRIEF = ("document", "page", "retrieval_score", "rerank_score", "relevance", "used_by")


class View:
    """Turns what LangChain's callbacks bring into JSON."""

    def __init__(self, masks: Masks, chars: int) -> None:
        self.masks, self.chars = masks, chars

    def given(self, value: Any) -> str:
        """A node's input: what grows from node to node is only counted, as outputs show it."""
        if isinstance(value, Mapping):
            value = {name: _counted(name, one) for name, one in value.items()}
        return self.state(value)

    def state(self, value: Any) -> str:
        """A node's output: short."""
        return self._json(value, "", min(_STATE_CHARS, self.chars), brief=True)

    def whole(self, value: Any, part: str = "") -> str:
        """What is worth its length: the run's own input and output, documents."""
        return self._json(value, part, self.chars, brief=False)

    def prompt(self, messages: list[BaseMessage]) -> str:
        """A model call's input, which may hold question, passages and answer."""
        return self._json(messages, "", self.chars, brief=False)

    def written(self, message: BaseMessage) -> str:
        """A model call's output: an answer, or a question on the way to it."""
        part = "" if self.masks.hide & {"question", "answer"} else "shown"
        return self._json(message, part, self.chars, brief=False)

    def said(self, error: BaseException) -> str:
        """A failure; its message may quote what is hidden."""
        name = type(error).__name__
        text = self.masks.text(str(error), "plain")[: self.chars]
        return name if self.masks.hide else f"{name}: {text}"

    def _json(self, value: Any, part: str, chars: int, *, brief: bool) -> str:
        return json.dumps(_Reader(self.masks, chars, brief).of(value, part), ensure_ascii=False)


def _counted(name: Any, value: Any) -> Any:
    if name not in _GROWING or not isinstance(value, (Mapping, list)):
        return value
    return list(value) if name == "evidence" else f"{len(value)} {name}"


class _Reader:
    def __init__(self, masks: Masks, chars: int, brief: bool) -> None:
        self.masks, self.chars, self.brief = masks, chars, brief

    def of(self, value: Any, part: str, depth: int = 0) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)  # JSON has none
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if isinstance(value, str):
            return self._text(value, part)
        if depth > _DEPTH:
            return "…"
        if isinstance(value, Mapping):
            # "plain" is said of words, not of everything below
            return self._mapping(value, "" if part == "plain" else part, depth)
        if isinstance(value, (list, tuple, set, frozenset)):
            items = list(value)
            shown = [self.of(item, part, depth + 1) for item in items[:_ITEMS]]
            return [*shown, f"… {len(items) - _ITEMS} more"] if len(items) > _ITEMS else shown
        return self._object(value, part, depth)

    def _text(self, value: str, part: str) -> str:
        text = self.masks.text(value, part)
        left = len(text) - self.chars
        return f"{text[: self.chars]}… {left} more characters" if left > 0 else text

    def _mapping(self, value: Mapping[Any, Any], part: str, depth: int) -> Any:
        if self.brief and "text" in value and "rerank_score" in value:  # a passage
            value = {name: value[name] for name in _BRIEF if value.get(name)}
        pairs = list(value.items())
        shown = {
            self.masks.name(str(key)): self._entry(str(key), one, part, depth)
            for key, one in pairs[:_ENTRIES]
            if key not in _LEFT_OUT
        }
        return {**shown, "…": f"{len(pairs) - _ENTRIES} more"} if pairs[_ENTRIES:] else shown

    def _entry(self, name: str, value: Any, part: str, depth: int) -> Any:
        if self.brief and name == "tree" and isinstance(value, Mapping):
            return f"{len(value)} nodes"
        if is_secret(name):
            return "[secret]"
        return self.of(value, self.masks.part(name, part), depth + 1)

    def _object(self, value: Any, part: str, depth: int) -> Any:
        if isinstance(value, BaseMessage):
            return {"role": value.type, "content": self.of(value.content, part, depth + 1)}
        if isinstance(value, Document):
            # metadata repeats nothing that a reader of traces looks for but where it stands
            held = {name: value.metadata.get(name) for name in _BRIEF}
            known = {name: one for name, one in held.items() if one is not None}
            text = {} if self.brief else {"page_content": value.page_content}
            return self._mapping({"id": value.id, **known, **text}, part or "passages", depth)
        if isinstance(value, Send):
            return f"→ {value.node}"
        if isinstance(value, Overwrite):
            return self.of(value.value, part, depth + 1)
        if is_dataclass(value) and not isinstance(value, type):
            # such as Command, Interrupt; a repr could show anything
            held = {one.name: getattr(value, one.name) for one in fields(value)}
            return self._mapping({k: v for k, v in held.items() if v}, part, depth)
        return f"<{type(value).__name__}>"
