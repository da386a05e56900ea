"""`Teller`: a run's moments as the events of `POST /ask`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from churon.api import recorded
from churon.graphs.contract import merge_evidence
from churon.nodes.cite import Renumbered
from churon.nodes.plans import ready
from churon.serving.ask.cited import citations
from churon.serving.ask.events import (
    Event,
    Finished,
    Node,
    Passages,
    Plan,
    Planned,
    StepDone,
    Supported,
    Token,
    TreeGrown,
)
from churon.serving.ask.told import steps_of
from churon.serving.run import Moment
from churon.tools.types import Evidence, PlanStep, StepResult, TreeNode


class Teller:
    """Remembers what was told, so that only news are."""

    def __init__(self, question: str) -> None:
        self._question = question
        self._evidence: dict[str, Evidence] = {}
        self._plan: list[PlanStep] = []
        self._results: dict[str, StepResult] = {}
        self._running: set[str] = set()
        self._nodes: dict[str, Node] = {}
        self._rollouts = (0, 0)
        self._winner: str | None = None
        self._last: dict[str, Any] = {}
        self._writer, self._keys = "", Renumbered()

    def of(self, moment: Moment) -> Iterator[Event]:
        """What there is to tell of it."""
        if moment["kind"] == "token":
            yield from self._token(moment["node"], moment["text"])
        elif moment["kind"] == "output":
            output = moment["output"]
            cited = citations(output["claims"], output["evidence"])
            yield Finished(event="output", output=output, citations=cited)
        elif moment["kind"] == "step":
            yield from self._step(moment["node"], moment["update"])

    def _token(self, node: str, text: str) -> Iterator[Event]:
        if node != self._writer:
            self._writer, self._keys = node, Renumbered()
        if shown := self._keys(text):
            yield Token(event="token", node=node, text=shown)

    def _step(self, node: str, update: Mapping[str, Any]) -> Iterator[Event]:
        if node == "condense" and update.get("standalone", self._question) != self._question:
            yield StepDone(
                event="step", kind="condense", text=update["standalone"], why="", n=None, of=None,
                score=None,
            )  # fmt: skip
        yield from self._passages(update)
        yield from steps_of(node, update)
        yield from self._planned(node, update)
        yield from self._tree(update)
        yield from self._support(update)
        self._writer = self._writer if node != self._writer else ""

    def _passages(self, update: Mapping[str, Any]) -> Iterator[Event]:
        given = update.get("evidence")
        if not isinstance(given, Mapping):  # the first node resets the channel
            return
        known, self._evidence = self._evidence, merge_evidence(self._evidence, given)
        fresh = [
            one for key, one in self._evidence.items() if _shown(one) != _shown(known.get(key))
        ]
        if fresh:
            yield Passages(event="passages", passages=fresh)

    def _planned(self, node: str, update: Mapping[str, Any]) -> Iterator[Event]:
        for step in recorded(update, "plan"):
            self._plan = step["plan"]
        results = update.get("results")
        self._results |= results if isinstance(results, Mapping) else {}
        if node == "record":  # inside `auto` the round is not told; it is what can run
            fallback = [step["id"] for step in ready(self._plan, self._results)]
            self._running = set(update.get("round", fallback))
        steps = [self._as_planned(step) for step in self._plan]
        if steps:
            yield from self._news("plan", Plan(event="plan", steps=steps))

    def _as_planned(self, step: PlanStep) -> Planned:
        result = self._results.get(step["id"])
        if result is not None:
            return Planned(**step, state="done" if result["answer"] else "failed", result=result)
        running = step["id"] in self._running
        return Planned(**step, state="running" if running else "waiting", result=None)

    def _tree(self, update: Mapping[str, Any]) -> Iterator[Event]:
        for step in recorded(update, "rollouts"):
            self._rollouts = (step["done"], step["of"])
        for step in recorded(update, "winner"):
            self._winner = step["node"]
        nodes = {key: _node(node) for key, node in (update.get("tree") or {}).items()}
        fresh = [node for key, node in nodes.items() if self._nodes.get(key) != node]
        self._nodes |= nodes
        done, of = self._rollouts
        if fresh or (done, of, self._winner) != self._last.get("rollouts", (0, 0, None)):
            self._last["rollouts"] = (done, of, self._winner)
            yield TreeGrown(event="tree", nodes=fresh, done=done, of=of, winner=self._winner)

    def _support(self, update: Mapping[str, Any]) -> Iterator[Event]:
        claims = update.get("claims")
        if isinstance(claims, list) and claims:
            cited = citations(claims, self._evidence)
            event = Supported(event="support", claims=claims, citations=cited)
            yield from self._news("support", event)

    def _news(self, kind: str, event: Event) -> Iterator[Event]:
        if self._last.get(kind) != event:
            self._last[kind] = event
            yield event


def _shown(passage: Evidence | None) -> Any:
    """What a page shows of it: who rests on it is known at the end."""
    return passage and {key: value for key, value in passage.items() if key != "used_by"}


def _node(node: TreeNode) -> Node:
    visits = node["N"]
    return Node(
        id=node["id"],
        parent=node["parent"],
        action=node["action"],
        text=node["text"],
        query=node["query"],
        answer=node["answer"],
        visits=visits,
        mean=round(node["Q"] / visits, 4) if visits else None,
        value=node["value"],
        terminal=node["terminal"],
        active=node["virtual_loss"] > 0,
    )
