"""Reading passages or facts for one question: a cited sentence and the short answer in it.

Shared by CoT-RAG's steps and MCTS-RAG's actions. Asked as JSON: a small model copies the layout of
a free form into its answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import BaseMessage

from churon.nodes.cite import attribute, cite, unkeyed
from churon.nodes.decide import asks_again, is_none_of, is_refusal, normalised
from churon.nodes.meaning import polarity
from churon.nodes.numeric import lacks_number, other_number
from churon.nodes.prompts import fitting, messages, numbered
from churon.nodes.structured import ask_json
from churon.nodes.uncut import whole
from churon.tools.korean import tokens_at_most
from churon.tools.run import Run
from churon.tools.types import Claim, Evidence, Language

_SENTENCE_CHARS: Mapping[Language, int] = {"en": 320, "ko": 160}
_SHORT_CHARS: Mapping[Language, int] = {"en": 80, "ko": 40}
"""A longer "short answer" is a sentence: later questions are filled with it."""
_JSON_TOKENS = 48
"""For the names, quotes and braces around the two texts."""


@dataclass(frozen=True)
class Reading:
    """What was read; `answer` is "" when the passages do not hold one."""

    answer: str
    """Short."""
    statement: str
    """The sentences without their citation keys."""
    claims: list[Claim]

    @property
    def evidence_ids(self) -> list[str]:
        """Passages that the sentences cite, in order."""
        return list(dict.fromkeys(key for one in self.claims for key in one["evidence_ids"]))


NOTHING = Reading("", "", [])
_ASKS_MORE = re.compile(
    r"^(?!.*,\s*(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|may|must)\b)"
    r"(?:(?:in|on|at|of|for|from|by|to|with|during) )?(?:who|whom|whose|what|when|where|which)\b"
    r"|^how (?:many|much|long|old|far|tall)\b"
    r"|(?<!몇)몇(?!몇)|누구(?!나|도|든|라도)|누가|언제(?!나|든|라도)|얼마(?!든)"
    r"|어디(?!(?:에서|서|에)?(?:나|든|라도))|무엇(?!이(?:든|나|라도))",
    re.IGNORECASE,
)
"""Questions that yes or no does not answer, where that is certain from their form."""
_FACT = re.compile(r"\s*\((?:(?P<said>[^()]{11,}[.!?。])\)?|[^()]*)[.。]?$")
"""A sentence in brackets, or what was cut before its bracket closed."""
_PROMPT_WORDS = {
    "a name", "a number", "a date", "yes or no", "short answer", "the short answer",
    "이름", "수", "날짜", "예 또는 아니요", "짧은 답",
}  # fmt: skip


async def read(
    run: Run, question: str, passages: Sequence[Evidence], language: Language
) -> Reading:
    """One question answered from these passages; as many of them as fit the model's context."""
    shown = fitting(passages, await run.room())
    if not shown:
        return NOTHING
    prompt = messages("read", language, passages=numbered(shown), question=question)
    return await _ask(run, question, prompt, shown, language)


async def conclude(
    run: Run,
    question: str,
    passages: Sequence[Evidence],
    facts: str,
    language: Language,
    *,
    temperature: float | None = None,
    seed: int | None = None,
) -> Reading:
    """The whole question answered from the facts found on the way and their passages."""
    shown = fitting(passages, await run.room() - tokens_at_most(facts))
    given = {"passages": numbered(shown) or "-", "facts": facts or "-", "question": question}
    prompt = messages("conclude", language, **given)
    return await _ask(run, question, prompt, shown, language, temperature, seed)


async def combine(run: Run, question: str, facts: str, language: Language) -> Reading:
    """One question answered from facts alone; the sentence cites nothing yet."""
    prompt = messages("combine", language, facts=facts, question=question)
    return await _ask(run, question, prompt, [], language)


async def recall(
    run: Run,
    question: str,
    facts: str,
    language: Language,
    *,
    temperature: float | None = None,
    seed: int | None = None,
) -> Reading:
    """One question answered from what is known and the model's own knowledge; cites nothing."""
    prompt = messages("recall", language, facts=facts or "-", question=question)
    return await _ask(run, question, prompt, [], language, temperature, seed)


async def _ask(
    run: Run,
    question: str,
    prompt: list[BaseMessage],
    passages: Sequence[Evidence],
    language: Language,
    temperature: float | None = None,
    seed: int | None = None,
) -> Reading:
    """Ask, and take the answer apart; a sentence without a key gets the passage nearest to it."""
    heat = run.context.temperature if temperature is None else temperature
    most = run.context.answer_tokens + _JSON_TOKENS
    raw = await ask_json(run, prompt, schema(language), most, temperature=heat, seed=seed)
    reading, invented = understood(_uncut(run, raw, language), passages, question)
    if invented:
        run.degrade(f"cite:{invented}_invented_keys")
    return reading


def schema(language: Language) -> dict[str, Any]:
    """JSON schema of a reading; the sentence first, so that the answer follows from it."""
    sizes = {"statement": _SENTENCE_CHARS[language], "answer": _SHORT_CHARS[language]}
    return {
        "type": "object",
        "properties": {k: {"type": "string", "maxLength": most} for k, most in sizes.items()},
        "required": ["statement", "answer"],
        "additionalProperties": False,
    }


def _uncut(run: Run, raw: Any, language: Language) -> Any:
    """What the model wrote, its statement without what the schema's limit cut; a short answer that
    was cut is none: what is left of a list would be counted as all of it.
    """
    given = dict(raw) if isinstance(raw, Mapping) else {}
    if len(said := _text(given.get("statement"))) >= _SENTENCE_CHARS[language]:
        given["statement"] = whole(run, said)
    if len(short := _text(given.get("answer"))) >= _SHORT_CHARS[language]:
        given["answer"] = ""
        if is_refusal(said):  # it is all that was said
            given["statement"] = whole(run, short)
    return given


def understood(raw: Any, passages: Sequence[Evidence], question: str = "") -> tuple[Reading, int]:
    """What the model's JSON says, and how many citation keys it invented.

    Either text stands for the other where the model gave only one; the sentence, whose support is
    checked, also where only it has the number that is asked for, or where it has another. NONE in
    the answer is none, and so is a yes or no to a question that asks who, when or how many.
    """
    given = raw if isinstance(raw, Mapping) else {}
    said, short = (_text(given.get(name)) for name in ("statement", "answer"))
    one_text = said == short and "[" not in said
    short, said = _plain(unkeyed(short, passages)), _without_list(said)
    copied = one_text and normalised(said) != normalised(short)
    said = short if copied else _out_of_fact(said, short)
    if polarity(short) and _ASKS_MORE.search(question):
        short = ""
        said = "" if polarity(said) else said
    if lacks_number(short, question) and not lacks_number(said, question):
        short = ""
    if other_number(short, said):
        short = ""
    if is_refusal(short) and not is_none_of(short, said) and (short or is_refusal(said)):
        return NOTHING, 0
    cited = cite("" if is_refusal(said) else said, passages)
    # a small model says the question again: that is no sentence of an answer
    claims = [one for one in cited.claims if not one["text"].endswith(("?", "？"))]
    claims = [one for one in claims if not asks_again(one["text"], question)]
    claims = attribute(claims or cite(short, passages).claims, passages)
    if not claims:
        return NOTHING, cited.invented
    statement = " ".join(one["text"] for one in claims)
    return Reading(short or statement, statement, claims), cited.invented


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _plain(short: str) -> str:
    """Without citation keys that were cut off, or lost their brackets ("Aren, 1"), quotes, a full
    stop, and the sentence in brackets that stands behind an answer in the prompt's facts.

    "" for the prompt's own words in place of an answer.
    """
    plain = (
        _FACT.sub("", re.sub(r"\s*\[[\d, ]*$", "", short))
        .strip()
        .strip("\"'“”*")
        .rstrip(".。,")
        .strip()
    )
    listed = re.fullmatch(r"(.*[^\W\d]),\s*(?:\d?|1,\s*2,\s*3\b[\d,\s]*)", plain)
    plain = listed[1] if listed else _without_list(plain)
    return "" if normalised(plain) in _PROMPT_WORDS else plain


def _out_of_fact(said: str, short: str) -> str:
    """The sentence of a fact, "answer (sentence)", that stands in place of a statement."""
    found = _FACT.search(said)
    if found is None or not short or normalised(said[: found.start()]) != normalised(short):
        return said
    return found["said"] or short


def _without_list(text: str) -> str:
    """A yes or no without what a small model copies after it: bare keys ("yes, 1, 2") or the
    prompt's own choices ("yes, a name, a number").
    """
    found = re.fullmatch(r"([^\[\]]*?)((?:\s*\[[\d, ]+\])*)[.。]?", text)
    if found is None:
        return text
    head, *parts = re.split(r",\s*", found[1].rstrip(".。, "))
    copied = all(part.isdigit() or normalised(part) in _PROMPT_WORDS for part in parts)
    return head + found[2] if parts and copied and polarity(head) else text
