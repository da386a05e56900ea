"""The span in a graph's sentences: fixed prompts, the same for all graphs (see reasoning.py).

Gold answers are spans and the graphs write sentences; the same model shortens every answer at
temperature 0, knowing the question and the answer only. Not counted in a run's usage.

Whether a question wants yes or no is read off its form by code, and Korean verdicts are asked for
in English. Tried on hand-made cases: with "or yes/no" in one prompt for all questions,
Qwen2.5-Coder 1.5B wrote "yes" or "예" to 11 of 13; asked for 예 or 아니요 in Korean, to 6 of 6.
"""

from __future__ import annotations

import hashlib
import re

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from churon.tools.models.base import ChatPort, Want

_VERDICT = (
    "You answer with one word.",
    "Text: {answer}\n\nQuestion: {question}\n\n"
    "According to the text above, is the answer to the question yes or no? "
    "Write yes or no in English.",
)
_SPANS = {
    "en": (
        "You answer with a few words and never with a sentence.",
        "Text: {answer}\n\nQuestion: {question}\n\n"
        "Which words of the text are the answer? Copy them and nothing else.",
    ),
    "ko": (
        "몇 단어로만 답하고 문장은 쓰지 마세요.",
        "글: {answer}\n\n질문: {question}\n\n글의 어느 말이 답입니까? 그 말만 옮겨 쓰세요.",
    ),
}
PROMPT_HASH = hashlib.sha256(repr((_VERDICT, _SPANS)).encode()).hexdigest()[:12]
MOST_TOKENS = 24
MOST_CHARS = 4_000
"""Of the answer: far more than a graph writes, and it fits every model's context."""
_CLOSED = re.compile(
    r"(is|are|was|were|do|does|did|can|could|has|have|had|will|would|should)\b(?!.*\bor\b)", re.I
)
_OPEN = re.compile(r"누구|누가|언제|몇|어디|무엇|무슨|뭐|뭘|어느|어떤|어떻게|왜|얼마")
_OPENING = re.compile(r"\W*(yes|no|예|네|아니요|아니오)\s*([,.!。]|$)", re.I)
_LABEL = re.compile(r"^(answer|답변?)\s*:\s*", re.I)
_NOTHING = {"none", "n/a", "없음"}


def wants_verdict(question: str, language: str) -> bool:
    """The question is answered by yes or no: an auxiliary opens it and it offers no choice, or, in
    Korean, it has no interrogative.
    """
    return not _OPEN.search(question) if language == "ko" else bool(_CLOSED.match(question))


def prompt(question: str, answer: str, language: str) -> list[BaseMessage]:
    """The messages; braces in what is asked are left alone."""
    system, task = _VERDICT if wants_verdict(question, language) else _SPANS[language]
    parts = {"{question}": question, "{answer}": answer[:MOST_CHARS]}
    filled = re.sub(r"\{(question|answer)\}", lambda found: parts[found[0]], task)
    return [SystemMessage(system), HumanMessage(filled)]


def tidy(text: str) -> str:
    """The first line without label, quotes and full stop; "" where the model found nothing."""
    line = next((part.strip() for part in text.splitlines() if part.strip()), "")
    plain = _LABEL.sub("", line).strip("\"'“”‘’` ").removesuffix(".").strip("\"'“”‘’` ")
    return "" if plain.casefold() in _NOTHING else plain


async def shorten(port: ChatPort, question: str, answer: str, language: str) -> str:
    """The short answer; one that opens with its verdict is not asked about."""
    opening = _OPENING.match(answer) if wants_verdict(question, language) else None
    if opening:
        return opening[1]
    want = Want(max_tokens=MOST_TOKENS, temperature=0.0)
    return tidy((await port.complete(prompt(question, answer, language), want)).text)
