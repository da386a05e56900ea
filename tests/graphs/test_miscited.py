"""A right sentence with a wrong key rests on the passage that bears it; a wrong one on none."""

from __future__ import annotations

from typing import Any

import pytest
from support.bridge import said, steps
from support.ferry import CAPTAIN, FERRY, QUESTION, ask, model
from support.reasoned import passage
from support.scripted import Reply
from support.world import labels

from churon.nodes.cite import nearer
from churon.tools.errors import ModelError

TEXTS = (FERRY, CAPTAIN)
RIGHT = "The Lumen ferry leaves at 07:30"
GRAPHS = [("self_rag", {"form": "iterative"}), ("cot_rag", {})]


class Critic:
    """Fully for what the passages shown say, and else not at all; `asked` counts."""

    def __init__(self, then: Reply | None = None) -> None:
        self.asked, self.then = 0, then

    def __call__(self, prompt: str) -> Reply:
        self.asked += 1
        if self.then is not None and self.asked > 1:
            return self.then
        shown, _, statement = prompt.rpartition("Statement")
        borne = "07:30" in statement and FERRY in shown
        return labels(F=0.97, N=0.03) if borne else labels(F=0.02, N=0.98)


async def answered(graph: str, text: str, critic: Critic, **context: Any) -> Any:
    """What comes of this sentence with its key."""
    read = said(text, text.split(" at ")[-1].split()[0])
    script = model(
        support=critic,
        grade=labels(Y=0.9, N=0.1),
        answer=text,
        plan=steps(QUESTION),
        read=read,
        conclude=read,
        refine=QUESTION,
    )
    return await ask(graph, script, texts=TEXTS, k2=2, **context)


@pytest.mark.parametrize(("graph", "context"), GRAPHS)
async def test_a_wrong_key_gives_way_to_the_passage_that_bears_the_sentence(
    graph: str, context: dict[str, Any]
) -> None:
    critic = Critic()
    output = await answered(graph, f"{RIGHT} [2].", critic, **context)
    assert output["status"] == "grounded" and critic.asked == 2
    assert [one["evidence_ids"] for one in output["claims"]] == [["p1"]]


@pytest.mark.parametrize(("graph", "context"), GRAPHS)
@pytest.mark.parametrize("key", [1, 2])
async def test_a_wrong_sentence_is_borne_by_none(
    graph: str, context: dict[str, Any], key: int
) -> None:
    critic = Critic()
    output = await answered(graph, f"The Lumen ferry leaves at 09:45 [{key}].", critic, **context)
    assert output["status"] == "abstained" and not output["claims"]


async def test_a_sentence_that_cites_its_nearest_passage_is_checked_once() -> None:
    critic = Critic()
    await answered("self_rag", "The Lumen ferry leaves at 09:45 [1].", critic, form="iterative")
    assert critic.asked == 1


@pytest.mark.parametrize(
    ("then", "limits"),
    [(Reply(error=ModelError("No.")), {}), (None, {"limits": {"calls": 4}})],
)
async def test_what_was_refused_stays_so_where_the_second_check_fails(
    then: Reply | None, limits: dict[str, Any]
) -> None:
    critic = Critic(then)
    output = await answered("self_rag", f"{RIGHT} [2].", critic, form="iterative", **limits)
    assert critic.asked and output["status"] not in ("grounded", "partial")


def test_only_a_passage_that_shares_more_than_those_cited_is_nearer() -> None:
    ferry, captain = passage("f", FERRY), passage("c", CAPTAIN)
    assert nearer(RIGHT, [captain], [ferry, captain]) == ferry
    assert nearer(RIGHT, [ferry], [captain, ferry]) is None
    assert nearer("Völlig anders", [captain], [ferry]) is None
    assert nearer(RIGHT, [captain], []) is None
