"""Live lines of the graphs that plan or search a tree: their nodes' `steps`, a line or two each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from churon.api import recorded
from churon.cli.words import say
from churon.tools.types import Language

Line = tuple[str, str]
"""(label, what happened)."""
Teller = Callable[[dict[str, Any], Language], Iterator[Line]]


def _plan(update: dict[str, Any], language: Language) -> Iterator[Line]:
    yield from _planned(update, language, "plan")


def _replan(update: dict[str, Any], language: Language) -> Iterator[Line]:
    yield from _planned(update, language, "replan")


def _planned(update: dict[str, Any], language: Language, key: str) -> Iterator[Line]:
    for step in recorded(update, "plan"):
        label = say(language, key)
        for one in step["plan"]:
            yield label, f"{one['id']}. {one['question']}"
            label = ""


def _record(update: dict[str, Any], language: Language) -> Iterator[Line]:
    for step in recorded(update, "result"):
        result = step["result"]
        answer = result["answer"] or say(language, "unresolved")
        score = result["support_score"]
        support = "" if score is None else f"  ({say(language, 'support')} {score:.2f})"
        label = say(language, "step", n=result["id"])
        yield label, f"{result['question']} → {answer}{support}"


def _route(update: dict[str, Any], language: Language) -> Iterator[Line]:
    for step in recorded(update, "route"):
        reason = f": {step['reason']}" if step.get("reason") else ""
        yield say(language, "route"), f"{step['graph']}{reason}"


def _rollouts(update: dict[str, Any], language: Language) -> Iterator[Line]:
    for step in recorded(update, "rollouts"):
        parts = [say(language, "progress", done=step["done"], of=step["of"])]
        best = step.get("best")
        if best and best.get("answer"):
            share = f"{best['share']:.2f}"
            parts.append(say(language, "best", answer=best["answer"], share=share))
        yield say(language, "rollouts"), " · ".join(parts)


def _winner(update: dict[str, Any], language: Language) -> Iterator[Line]:
    for step in recorded(update, "winner"):
        if step.get("answer"):
            share = say(language, "share", share=f"{step['share']:.2f}")
            yield say(language, "winner"), f"{step['answer']}  ({share})"


REASONING: dict[str, Teller] = {
    "plan": _plan,
    "approve": _replan,
    "replan": _replan,
    "record": _record,
    "route": _route,
    "weigh": _route,
    "backpropagate": _rollouts,
    "take": _winner,
    "winner": _winner,
}
