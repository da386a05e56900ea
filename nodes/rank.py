"""The winner: answers grouped by meaning, the best group's claims checked, then the runner-up's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from churon.nodes.cite import claim
from churon.nodes.common import RunState, chosen, settled
from churon.nodes.decide import support_label
from churon.nodes.outlook import ranked
from churon.nodes.prompts import messages
from churon.nodes.reading import conclude
from churon.nodes.tree import ROOT, Tree
from churon.tools.context import RagContext
from churon.tools.models.labels import SAME
from churon.tools.run import Ledger, Run
from churon.tools.toolkit import Toolkit
from churon.tools.types import AnswerGroup, Claim, Evidence, Language, TreeNode, Usage

MOST_PAIRS = 3
"""Pairs of answers that the model is asked about."""
MOST_CHECKED = 2
"""Groups whose claims are checked: the winner and the runner-up."""


class Searched(RunState):
    standalone: str
    tree: Tree
    ended: str


class Ranked(Ledger):
    ranking: list[AnswerGroup]
    stop_reason: str
    steps: list[dict[str, Any]]


@dataclass(frozen=True)
class Rank:
    """Groups by meaning: surely equal ones by code, then the model on the pairs at the top."""

    toolkit: Toolkit

    async def __call__(self, state: Searched, runtime: Runtime[RagContext]) -> Ranked:
        run = self.toolkit.run(state["run"], runtime.context, state["usage"])
        tree, ranking = state["tree"], ranked(state["tree"])
        ended = state["ended"]
        if len(ranking) > 1 and not ended.startswith("budget"):
            merged, stop = await self._merged(run, ranking, state["standalone"], state["language"])
            ranking, ended = ranked(tree, merged), stop or ended
        return {
            "ranking": ranking or fallback(tree),
            "stop_reason": ended,
            "steps": [{"step": "tree", "nodes": list(tree.values())}],
            **run.ledger(),
        }

    @staticmethod
    async def _merged(
        run: Run, ranking: list[AnswerGroup], question: str, language: Language
    ) -> tuple[list[list[str]], str]:
        """Sets of nodes that the model says mean the same; what it cannot be asked stays apart."""
        best, others = ranking[0], ranking[1 : 1 + MOST_PAIRS]
        given = [
            {"question": question, "first": best["answer"], "second": other["answer"]}
            for other in others
        ]
        asked = (run.distribution(messages("same", language, **one), SAME) for one in given)
        reads, stop = await settled(run, "same", *asked)
        pairs = zip(reads, others, strict=True)
        return [[*best["nodes"], *o["nodes"]] for read, o in pairs if read and read.says("Y")], stop


def fallback(tree: Tree) -> list[AnswerGroup]:
    """No rollout came to an answer: what was read for the question itself, if anything."""
    question = tree[ROOT]["query"] if tree else ""
    found = [n for n in tree.values() if n["parent"] and n["answer"] and n["query"] == question]
    return [
        AnswerGroup(answer=node["answer"], nodes=[node["id"]], score=0.0, share=0.0)
        for node in found[:1]
    ]


class Contested(RunState):
    standalone: str
    tree: Tree
    ranking: list[AnswerGroup]
    evidence: dict[str, Evidence]
    stop_reason: str


class Winner(TypedDict):
    answer: str
    claims: list[Claim]
    kept: list[str]
    steps: list[dict[str, Any]]
    stop_reason: str


class Taken(Winner, Ledger):
    """What `take` writes."""


_NO_WINNER = Winner(answer="", claims=[], kept=[], steps=[], stop_reason="")


@dataclass(frozen=True)
class TakeWinner:
    """The best group's answer; where its trajectories read different passages, written anew from
    all of them.
    """

    toolkit: Toolkit

    async def __call__(self, state: Contested, runtime: Runtime[RagContext]) -> Taken:
        run = self.toolkit.run(state["run"], runtime.context, state["usage"])
        if not state["ranking"]:
            return {**_NO_WINNER, **run.ledger()}
        group, tree = state["ranking"][0], state["tree"]
        nodes = [tree[key] for key in group["nodes"]]
        ids = list(dict.fromkeys(key for node in nodes for key in node["evidence_ids"]))
        ids = ids[: run.context.final_passages]
        said = claims_of(nodes[0], run.context)
        apart = any(set(ids) - set(node["evidence_ids"]) for node in nodes[:1])
        stop = state["stop_reason"]
        if apart and not stop.startswith("budget"):
            [anew], stop = await settled(run, "take", self._from_all(run, state, group, ids))
            said = anew or said
        step = {"step": "winner", "node": nodes[0]["id"], "answer": group["answer"]}
        return {
            "answer": " ".join(one["text"] for one in said),
            "claims": said,
            "kept": ids,
            "steps": [{**step, "share": round(group["share"], 4)}],
            "stop_reason": stop,
            **run.ledger(),
        }

    @staticmethod
    async def _from_all(
        run: Run, state: Contested, group: AnswerGroup, ids: list[str]
    ) -> list[Claim]:
        passages = chosen(state["evidence"], ids)
        facts = f"- {state['standalone']} → {group['answer']}"
        reading = await conclude(run, state["standalone"], passages, facts, state["language"])
        return reading.claims


def claims_of(node: TreeNode, context: RagContext) -> list[Claim]:
    """A trajectory's sentences; only a single one inherits the support found at evaluation."""
    score, made = node["s_sup"], node["claims"] or [claim(node["text"], node["evidence_ids"])]
    if len(made) > 1 or score is None:
        return made
    label = support_label(score, context.support_threshold)
    return [{**one, "support": label, "support_score": score} for one in made]


class Checked(RunState):
    claims: list[Claim]
    ranking: list[AnswerGroup]
    tried: int
    stop_reason: str


class Verdict(TypedDict):
    ranking: list[AnswerGroup]
    tried: int
    verdict: Literal["next", "done"]
    usage: Usage
    degraded: list[str]


@dataclass(frozen=True)
class JudgeWinner:
    """A winner without any supported sentence gives way to the runner-up, once."""

    toolkit: Toolkit

    async def __call__(self, state: Checked, runtime: Runtime[RagContext]) -> Verdict:
        run = self.toolkit.run(state["run"], runtime.context, state["usage"])
        rest, tried = state["ranking"][1:], state["tried"] + 1
        bare = all(one["support"] == "none" or not one["evidence_ids"] for one in state["claims"])
        over = state["stop_reason"].startswith("budget") or tried >= MOST_CHECKED
        again = bool(bare and rest and not over)
        ranking = rest if again else state["ranking"]
        verdict: Literal["next", "done"] = "next" if again else "done"
        return {"ranking": ranking, "tried": tried, "verdict": verdict, **run.ledger()}
