"""The winner: answers grouped by meaning, the best group's claims checked, then the runner-up's."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

from langgraph.runtime import Runtime

from churon.nodes.cite import claim
from churon.nodes.common import RunState, chosen, settled
from churon.nodes.decide import support_label
from churon.nodes.meaning import same
from churon.nodes.outlook import ranked
from churon.nodes.prompts import messages
from churon.nodes.reading import conclude
from churon.nodes.support import unsupported
from churon.nodes.tree import ROOT, Tree
from churon.tools.context import RagContext
from churon.tools.errors import ModelError
from churon.tools.models.labels import SAME
from churon.tools.run import Ledger, Run
from churon.tools.toolkit import Toolkit
from churon.tools.types import AnswerGroup, Claim, Evidence, Language, TreeNode

MOST_PAIRS = 3
"""Pairs of answers that the model is asked about."""
MOST_CHECKED = 2
"""Groups whose claims are checked: the winner and the runner-up."""


class Searched(RunState):
    standalone: str
    tree: Tree
    failures: list[str]
    stop_reason: str


class Ranked(Ledger):
    ranking: list[AnswerGroup]
    stop_reason: str
    steps: list[dict[str, Any]]


@dataclass(frozen=True)
class Rank:
    """Groups by meaning: surely equal ones by code, then the model on the heaviest pairs.

    Raises ModelError when there is no answer because the model failed.
    """

    toolkit: Toolkit

    async def __call__(self, state: Searched, runtime: Runtime[RagContext]) -> Ranked:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        tree, ranking, stop = state["tree"], ranked(state["tree"]), state["stop_reason"]
        if len(ranking) > 1 and not stop:
            merged, stop = await self._merged(run, ranking, state["standalone"], state["language"])
            ranking = ranked(tree, merged)
        ranking = ranking or fallback(tree)
        if not ranking and state["failures"] and not stop:
            raise ModelError(f"No rollout came to an answer: {state['failures'][0]}")
        return {
            "ranking": ranking,
            "stop_reason": stop,
            "steps": [{"step": "tree", "nodes": list(tree.values())}],
            **run.ledger(),
        }

    @staticmethod
    async def _merged(
        run: Run, ranking: list[AnswerGroup], question: str, language: Language
    ) -> tuple[list[list[str]], str]:
        """Sets of nodes that the model says mean the same; what it cannot be asked stays apart.

        The pairs that together weigh most: their union is the likeliest to change the winner.
        """
        pairs = sorted(combinations(ranking, 2), key=lambda two: -two[0]["score"] - two[1]["score"])
        asked = (
            run.distribution(
                messages(
                    "same", language, question=question, first=a["answer"], second=b["answer"]
                ),
                SAME,
            )
            for a, b in pairs[:MOST_PAIRS]
        )
        reads, stop = await settled(run, "same", *asked)
        equal = zip(reads, pairs, strict=False)
        return [
            [*a["nodes"], *b["nodes"]] for read, (a, b) in equal if read and read.says("Y")
        ], stop


def fallback(tree: Tree) -> list[AnswerGroup]:
    """No rollout was finished: an answer that was not evaluated, or what was read for the question
    itself, if anything.
    """
    question = tree[ROOT]["query"] if tree else ""
    found = [n for n in tree.values() if n["parent"] and n["answer"] and n["query"] == question]
    best = sorted(found, key=lambda node: not node["terminal"])[:1]
    return [
        AnswerGroup(answer=node["answer"], nodes=[node["id"]], score=0.0, share=0.0)
        for node in best
    ]


class Contested(RunState):
    standalone: str
    tree: Tree
    ranking: list[AnswerGroup]
    evidence: dict[str, Evidence]
    stop_reason: str


class Taken(Ledger):
    answer: str
    claims: list[Claim]
    standby: list[Claim]
    """The best trajectory's own sentences, where others were written."""
    kept: list[str]
    steps: list[dict[str, Any]]
    stop_reason: str


@dataclass(frozen=True)
class TakeWinner:
    """The best group's answer; where its trajectories read different passages, written anew from
    all of them.
    """

    toolkit: Toolkit

    async def __call__(self, state: Contested, runtime: Runtime[RagContext]) -> Taken:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        stop, said, own, ids, steps = state["stop_reason"], [], [], [], []
        if state["ranking"]:
            group = state["ranking"][0]
            nodes = [state["tree"][key] for key in group["nodes"]]
            cited = dict.fromkeys(key for node in nodes for key in node["evidence_ids"])
            ids = list(cited)[: run.context.final_passages]
            said = own = claims_of(nodes[0], run.context)
            if set(ids) - set(nodes[0]["evidence_ids"]) and not stop:
                [anew], stop = await settled(run, "take", self._from_all(run, state, group, ids))
                said = anew or said
            won = {"step": "winner", "node": nodes[0]["id"], "answer": group["answer"]}
            steps = [{**won, "share": round(group["share"], 4)}]
        return {
            "answer": " ".join(one["text"] for one in said),
            "claims": said,
            "standby": [] if said is own else own,
            "kept": ids,
            "steps": steps,
            "stop_reason": stop,
            **run.ledger(),
        }

    @staticmethod
    async def _from_all(
        run: Run, state: Contested, group: AnswerGroup, ids: list[str]
    ) -> list[Claim]:
        """The elected answer in words that rest on all passages; [] if others were found for it."""
        passages = chosen(state["evidence"], ids)
        facts = f"- {state['standalone']} → {group['answer']}"
        reading = await conclude(run, state["standalone"], passages, facts, state["language"])
        return reading.claims if same(reading.answer, group["answer"]) else []


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


class Verdict(Ledger):
    ranking: list[AnswerGroup]
    tried: int
    verdict: Literal["next", "done"]


@dataclass(frozen=True)
class JudgeWinner:
    """A winner without any supported sentence gives way to the runner-up, once."""

    toolkit: Toolkit

    async def __call__(self, state: Checked, runtime: Runtime[RagContext]) -> Verdict:
        run = self.toolkit.run(state["run"], runtime.context, state["account"])
        rest, tried = state["ranking"][1:], state["tried"] + 1
        bare = unsupported(state["claims"])
        over = bool(state["stop_reason"]) or tried >= MOST_CHECKED
        again = bool(bare and rest and not over)
        ranking = rest if again else state["ranking"]
        verdict: Literal["next", "done"] = "next" if again else "done"
        return {"ranking": ranking, "tried": tried, "verdict": verdict, **run.ledger()}
