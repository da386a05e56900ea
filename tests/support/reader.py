"""A scripted model that reads: it quotes the passage's sentence nearest to the question."""

from __future__ import annotations

import json
import re
from typing import Any

from support.scripted import Reply, labelled

_SURE = 0.97


def read(messages: list[Any], kwargs: dict[str, Any]) -> Reply | str:
    """Labels by shared words, answers by quoting, `NONE` where nothing is shared."""
    prompt = str(messages[-1].content)
    question = _part(prompt, "Question|질문")
    if "Y = " in prompt:
        yes = bool(_words(question) & _words(_body(prompt)))
        return labelled({"Y": _SURE if yes else 1 - _SURE, "N": 1 - _SURE if yes else _SURE})
    if "F = " in prompt:
        return labelled({"F": _SURE, "P": 0.02, "N": 0.01})
    if "5 = " in prompt:
        return labelled({"5": _SURE, "4": 0.02, "3": 0.01})
    if "without the conversation" in prompt:
        return _part(prompt, "Last question|마지막 질문")
    if '{"steps"' in prompt:
        return json.dumps({"steps": [{"op": "lookup", "question": question}]})
    if "next short question to look up" in prompt:
        return question
    if '"statement"' in prompt:
        said = _quoted(prompt, question)
        return json.dumps({"statement": said, "answer": said[:60]}, ensure_ascii=False)
    return _quoted(prompt, question)


def _quoted(prompt: str, question: str) -> str:
    sentences = re.split(r"(?<=[.!?다])\s+|\n+", _body(prompt))
    best = max(sentences, key=lambda one: len(_words(one) & _words(question)))
    return best.strip() if _words(best) & _words(question) else "NONE"


def _body(prompt: str) -> str:
    """Passages, numbered or alone."""
    ends = r"\n\n(?:Question|Statement|Known|Facts|질문|문장|단계)"
    return re.split(ends, prompt)[0].partition("\n")[2]


def _part(prompt: str, label: str) -> str:
    found = re.findall(rf"^(?:{label}): (.*)$", prompt, re.MULTILINE)
    return found[-1] if found else prompt  # a prompt's examples come first


def _words(text: str) -> set[str]:
    """Stems, roughly: the first letters of the longer words."""
    words = re.findall(r"\w+", text.casefold())
    stems = {word[:2] if re.match("[가-힣]", word) else word[:5] for word in words if len(word) > 1}
    return stems - {"who", "what", "the", "is", "at", "of", "which", "in", "does"}
