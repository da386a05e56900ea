"""The search's own steps (MCTS-RAG, section 3): select, hand in, grow, evaluate, backpropagate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NotRequired

from langgraph.runtime import Runtime
from langgraph.types import Overwrite
from typing_extensions import TypedDict

from churon.nodes.common import RunState
from churon.nodes.menu import FINAL_CALLS, MAX_CALLS, ROLLOUT_CALLS, WINNER_CALLS, simulated
from churon.nodes.outlook import outlook, rewarded
from churon.nodes.tree import ROOT, Tree, backpropagate, grow, mark_tried, new_tree, select
from churon.tools.context import RagContext
from churon.tools.errors import CALL_CAP, BudgetExhausted
from churon.tools.run import Ledger, Run
from churon.tools.toolkit import Toolkit
from churon.tools.types import Draft, Judgement, Play


class Searching(RunState):
    standalone: str
    tree: Tree
    begun: int
    """Rollouts begun so far."""
    done: int
    """Rollouts backpropagated so far."""
    calls_before: NotRequired[int]


class Selected(Ledger):
    tree: Tree
    plays: list[Play]
    begun: int
    calls_before: int
    ended: str


@dataclass(frozen=True)
class SelectLeaves:
    """The next rollouts: leaves by UCT, kept apart by virtual loss."""

    toolkit: Toolkit
    nested: bool = False
    """Inside `auto`, what the graph before it spent is not the search's."""

    async def __call__(self, state: Searching, runtime: Runtime[RagContext]) -> Selected:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        context, tree = run.context, state["tree"] or new_tree(state["standalone"])
        before = state["calls_before"]
        if self.nested and not state["tree"]:
            before = run.usage()["calls"]
        count = min(context.leaves, context.rollouts - state["done"])
        affordable, limit = self._affordable(run, before, state)
        tree, plays = select(tree, context, min(count, affordable), state["begun"])
        return {
            "tree": tree,
            "plays": plays,
            "begun": state["begun"] + len(plays),
            "calls_before": before,
            "ended": "" if plays else "exhausted" if affordable else limit,
            **run.ledger(),
        }

    @staticmethod
    def _affordable(run: Run, before: int, state: Searching) -> tuple[int, str]:
        """Rollouts that the run's limit and the profile's cap of calls still allow, a winner's
        checks set aside, and which of them allows no more. Under a limit, one more while there is
        no answer to check.
        """
        context, used = run.context, run.usage()["calls"]
        most, limit = context.rollouts, ""
        if context.faithful:
            return most, limit
        # as much again as those before, where some came to an end
        each = math.ceil((used - before) / state["done"]) if state["done"] else ROLLOUT_CALLS
        found = any(node["terminal"] for node in state["tree"].values())
        if (cap := MAX_CALLS.get(context.profile)) is not None:
            run.cap_calls(before + cap)
            most = (before + cap - FINAL_CALLS - used) // max(each, ROLLOUT_CALLS)
            limit = CALL_CAP
        allowed = (context.limits.calls - WINNER_CALLS - used) // max(1, each)
        allowed = max(0 if found else 1, allowed)
        if allowed < most:
            most, limit = allowed, BudgetExhausted("calls", allowed).reason
        return max(0, most), limit


class Drafting(RunState):
    play: Play
    draft: NotRequired[Draft]
    stop_reason: NotRequired[str]


class HandedIn(TypedDict):
    drafts: dict[str, Draft]


@dataclass(frozen=True)
class HandIn:
    """A branch's draft, by its play; none where the branch failed or the budget ended."""

    toolkit: Toolkit

    async def __call__(self, state: Drafting, runtime: Runtime[RagContext]) -> HandedIn:
        draft = state.get("draft")
        made = draft is not None and not state.get("stop_reason")
        return {"drafts": {state["play"]["id"]: draft} if made and draft else {}}


class Growing(RunState):
    tree: Tree
    plays: list[Play]
    drafts: dict[str, Draft]


class Grown(TypedDict):
    tree: Tree
    plays: list[Play]
    drafts: Any


@dataclass(frozen=True)
class Grow:
    """Drafts become nodes, equal ones one node; each play gets its next action."""

    toolkit: Toolkit

    async def __call__(self, state: Growing, runtime: Runtime[RagContext]) -> Grown:
        context = self.toolkit.run(state["run"], runtime.context, state["account"]).context
        tree, plays = state["tree"], []
        for play in state["plays"]:
            if play["action"]:
                draft = state["drafts"].get(play["id"])
                tree, moved = step(tree, play, draft, context)
                plays.append(moved)
            else:
                plays.append(play)
        return {"tree": tree, "plays": plays, "drafts": Overwrite({})}


def step(tree: Tree, play: Play, draft: Draft | None, context: RagContext) -> tuple[Tree, Play]:
    """A play after its action: a node further, and what it does there.

    An answer that could not be given, or a state that was there already and leads nowhere new, is
    no end: the play looks further from where it is, while something is left to try. A failed
    action ends the play.
    """
    if draft is None:
        return tree, {**play, "action": ""}
    grown, moved = grow(tree, play, draft)
    end, here = grown[moved["at"]], tree[play["at"]]
    question = tree[ROOT]["query"]
    if is_blank(draft):  # the model thought of nothing new
        grown, moved, end = tree, {**play, "action": ""}, here
    ahead = "" if end is here else simulated(end, question, context, play["id"])
    futile = not ahead and not (draft["terminal"] and draft["answer"])
    if futile and (further := simulated(here, question, context, play["id"])):
        return mark_tried(tree, play["at"], further), {**play, "action": further}
    if ahead:
        return mark_tried(grown, end["id"], ahead), {**moved, "action": ahead}
    return grown, moved


def is_blank(draft: Draft) -> bool:
    """It says, asks and found nothing, and is no end."""
    empty = not (draft["text"] or draft["query"] or draft["answer"] or draft["evidence_ids"])
    return empty and not draft["terminal"]


class Judged(RunState):
    tree: Tree
    plays: list[Play]
    judged: dict[str, Judgement]
    done: int
    stop_reason: str


class Backpropagated(TypedDict):
    tree: Tree
    plays: list[Play]
    judged: Any
    done: int
    ended: str
    steps: list[dict[str, Any]]


@dataclass(frozen=True)
class Backpropagate:
    """Values go up the tree, virtual losses come off; then: more, or the reason to stop."""

    toolkit: Toolkit

    async def __call__(self, state: Judged, runtime: Runtime[RagContext]) -> Backpropagated:
        context = self.toolkit.run(state["run"], runtime.context, state["account"]).context
        tree, done = state["tree"], state["done"]
        for play in state["plays"]:
            judgement = state["judged"].get(play["at"]) or rewarded(tree[play["at"]])
            tree = backpropagate(tree, play, judgement)
            done += judgement is not None
        ended, best = outlook(tree, context, done)
        step = {"step": "rollouts", "done": done, "of": context.rollouts, "best": best}
        return {
            "tree": tree,
            "plays": [],
            "judged": Overwrite({}),
            "done": done,
            "ended": state["stop_reason"] or ended,
            "steps": [step],
        }
