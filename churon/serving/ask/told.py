"""What one finished node is worth telling as steps; most say nothing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from churon.api import recorded
from churon.serving.ask.events import StepDone, StepKind

Update = Mapping[str, Any]


def steps_of(node: str, update: Update) -> Iterator[StepDone]:
    """By the node's own name: what a subgraph did was told while it did it."""
    teller = _TELLERS.get(node)
    if teller is not None:
        yield from teller(update)


def _step(
    kind: StepKind,
    text: str = "",
    *,
    why: str = "",
    n: int | None = None,
    of: int | None = None,
    score: float | None = None,
) -> StepDone:
    return StepDone(event="step", kind=kind, text=text, why=why, n=n, of=of, score=score)


def _reflect(update: Update) -> Iterator[StepDone]:
    if update.get("retrieval") is False:
        yield _step("direct")


def _gap(update: Update) -> Iterator[StepDone]:
    if update.get("sufficient"):
        yield _step("enough")
    elif update.get("stale"):
        yield _step("stale")


def _search(update: Update) -> Iterator[StepDone]:
    for step in recorded(update, "search"):
        yield _step("search", step["query"], n=step["found"])


def _rerank(update: Update) -> Iterator[StepDone]:
    yield _step("rerank", n=len(update.get("top", ())))


def _candidate(update: Update) -> Iterator[StepDone]:
    for candidate in update.get("candidates", {}).values():
        yield _step("candidate", candidate["text"])


def _critique(update: Update) -> Iterator[StepDone]:
    for candidate in update.get("candidates", {}).values():
        yield _step("critique", candidate["text"], score=candidate["s_sup"])


def _select(update: Update) -> Iterator[StepDone]:
    for step in recorded(update, "select"):  # other graphs select otherwise
        if step["score"] is not None:
            yield _step("select", n=step["candidates"], score=step["score"])


def _prune(update: Update) -> Iterator[StepDone]:
    for step in recorded(update, "beam"):
        yield from (_step("beam", text) for text in step["sentences"] if text)


def _replan(update: Update) -> Iterator[StepDone]:
    for step in recorded(update, "plan"):
        yield _step("replan", n=len(step["plan"]))


def _route(update: Update) -> Iterator[StepDone]:
    for step in recorded(update, "route"):
        yield _step("route", step["graph"], why=step["reason"])


def _rollouts(update: Update) -> Iterator[StepDone]:
    for step in recorded(update, "rollouts"):
        best = step["best"] or {}
        answer, share = best.get("answer", ""), best.get("share")
        yield _step("rollouts", answer, n=step["done"], of=step["of"], score=share)


def _winner(update: Update) -> Iterator[StepDone]:
    for step in recorded(update, "winner"):
        yield _step("winner", step["answer"], score=step["share"])


def _restate(update: Update) -> Iterator[StepDone]:
    if update.get("answer"):
        yield _step("restate")


_TELLERS: dict[str, Callable[[Update], Iterator[StepDone]]] = {
    "reflect": _reflect,
    "gap": _gap,
    "search": _search,
    "survey": _search,
    "rerank": _rerank,
    "candidate": _candidate,
    "critique": _critique,
    "select": _select,
    "prune": _prune,
    "replan": _replan,
    "route": _route,
    "weigh": _route,
    "backpropagate": _rollouts,
    "take": _winner,
    "restate": _restate,
}
