"""R1: the standalone question, and the next search query when evidence is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NotRequired

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from churon.nodes.common import RunState, chosen
from churon.nodes.decide import normalised
from churon.nodes.prompts import fitting, messages, numbered
from churon.tools.context import RagContext
from churon.tools.korean import tokens_at_most
from churon.tools.models.base import Completion, Want
from churon.tools.models.labels import SUFFICIENT
from churon.tools.run import Ledger, Run
from churon.tools.toolkit import Toolkit
from churon.tools.types import Evidence, Language, Turn

TURNS_KEPT = 6
"""Latest turns of the conversation that the standalone question may refer to."""
_TURN_CHARS = 1_500
_NAMES_TOKENS = 96
"""For the names that a follow-up is given beside its own words."""
_LABEL = re.compile(
    r"(?:(?:sure|okay|here|here['’]s|is|the|an?|my|your|new|next|last|search|follow-?up|standalone"
    r"|re(?:written|phrased|vised|fined|worded)|self-contained|version|of|another|updated|suggested"
    r"|final|user|다음|마지막|새|새로운|검색|다시 (?:쓴|작성한)|재작성된|수정[된한]|추가|요청하신"
    r")[,!.]?\s+){0,9}"
    r"(?:(?:(?:sub-?)?(?:query|question)|검색어|질문)"
    r"(?:\s+is|(?:[은는]|입니다)?(?:\s+다음과 같습니다)?)"
    r"|next|다음|다음과 같습니다|물은 것|찾을 것)\**[:：](?=.*\w)",
    re.IGNORECASE,
)
"""What a model writes before it on the same line, "Search query: …"; another word before it, as in
"Explain plan query: …", is of the question.
"""
_QUOTES = " \t\n\"'“”`*"
_SPACE = re.compile(r"\n\s*\n")


class Question(RunState):
    question: str
    history: list[Turn]


class Standalone(Ledger):
    standalone: str


@dataclass(frozen=True)
class Condense:
    """Makes a follow-up question understandable alone; the question itself stays as it was."""

    toolkit: Toolkit

    async def __call__(self, state: Question, runtime: Runtime[RagContext]) -> Standalone:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        question = state["question"].strip()
        if state["history"]:
            own = tokens_at_most(question)
            room = await run.room() - 2 * own  # it is asked there, and written again
            history = "\n".join(_fitting(state["history"][-TURNS_KEPT:], room))
            prompt = messages("condense", state["language"], history=history, question=question)
            written = await run.complete(prompt, Want(max_tokens=own + _NAMES_TOKENS))
            question = _rewritten(run, written, question)
        return {"standalone": question, **run.ledger()}


def _rewritten(run: Run, written: Completion, question: str) -> str:
    """The question in its new words: as many paragraphs as it had, for a small model goes on with
    an answer. The old ones where there are none, or their end was cut.
    """
    asked, parts = _SPACE.split(question), _SPACE.split(_announced(written.text, question))
    if written.cut and len(parts) <= len(asked):
        run.degrade("condense:cut")
        return question
    return _bare("\n\n".join(parts[: len(asked)]), question) or question


def _fitting(turns: list[Turn], room: int) -> list[str]:
    """The latest turns that fit, the last one at least; of a long one its beginning."""
    lines: list[str] = []
    for turn in reversed(turns):
        line = f"{turn['role']}: {turn['content'][:_TURN_CHARS]}"
        room -= tokens_at_most(line)
        if lines and room < 0:
            break
        lines.append(line)
    return lines[::-1]


class Held(RunState):
    standalone: str
    evidence: dict[str, Evidence]
    kept: list[str]
    queries: list[str]
    answer: NotRequired[str]
    """The answer so far, "" for none."""
    form: NotRequired[str]
    """Self-RAG's; of other graphs none."""
    query: NotRequired[str]
    """What to search for next, where somebody knows: no other query is thought of."""


class Gap(Ledger):
    queries: list[str]
    """The new query, to be added to those already made; none when `sufficient` or `stale`."""
    sufficient: bool
    top: list[str]
    """Emptied: the passages of the next search come here."""
    stale: bool
    """No new query could be thought of: searching again would find the same."""


@dataclass(frozen=True)
class FindGap:
    """Is the evidence held already enough? If not, the next query, in the question's language."""

    toolkit: Toolkit

    async def __call__(self, state: Held, runtime: Runtime[RagContext]) -> Gap:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        question, language = state["standalone"], state["language"]
        if wanted := state.get("query"):
            return {**_gap([] if is_among(wanted, state["queries"]) else [wanted]), **run.ledger()}
        if not state["queries"]:
            return {**_gap([question]), **run.ledger()}
        held = fitting(chosen(state["evidence"], state["kept"]), await run.room())
        known = numbered(held)
        # nothing to ask where these passages bore no answer, which is why the short form is back
        if known and state.get("answer") and state.get("form", "short") != "short":
            prompt = messages("sufficient", language, passages=known, question=question)
            if (await run.distribution(prompt, SUFFICIENT)).says("Y"):
                return {**_gap([], sufficient=True), **run.ledger()}
        query = await self._next_query(run, question, language, known, state["queries"])
        stale = not query or is_among(query, state["queries"])
        return {**_gap([] if stale else [query]), **run.ledger()}

    @staticmethod
    async def _next_query(
        run: Run, question: str, language: Language, known: str, made: list[str]
    ) -> str:
        prompt = messages(
            "refine",
            language,
            question=question,
            known=known or "-",
            queries="\n".join(f"- {query}" for query in made),
        )
        return first_line((await run.complete(prompt, Want(max_tokens=48))).text, question)


def is_among(query: str, made: list[str]) -> bool:
    """The query was made already, in these words."""
    return normalised(query) in {normalised(one) for one in made}


class _Gap(TypedDict):
    queries: list[str]
    sufficient: bool
    top: list[str]
    stale: bool


def _gap(queries: list[str], *, sufficient: bool = False) -> _Gap:
    stale = not queries and not sufficient
    return {"queries": queries, "sufficient": sufficient, "top": [], "stale": stale}


def first_line(text: str, question: str) -> str:
    """The first line of what was asked for, without quotes, bullets or a label such as `Query:`,
    but for one that the question itself holds.
    """
    lines = _announced(text, "").splitlines()
    return next((line for one in lines if (line := _bare(one, question))), "")


def _announced(text: str, like: str) -> str:
    """The text without a first line that only announces the rest, "Here is the query:"; one with
    as few lines as `like` has none.
    """
    lines = [line for line in text.strip().splitlines() if line.strip()]
    begins = lines and lines[0].rstrip(" *").endswith((":", "："))
    if begins and len(lines) > max(1, len(like.splitlines())):
        return text.strip().partition("\n")[2].strip()
    return text.strip()


def _bare(text: str, question: str) -> str:
    plain = text.strip().lstrip("-*• ").strip(_QUOTES)
    found = _LABEL.match(plain)
    if found is None or _often(found[0], plain) <= _often(found[0], question):
        return plain
    return plain[found.end() :].strip(_QUOTES)


def _often(label: str, text: str) -> int:
    return text.casefold().count(label.casefold())
