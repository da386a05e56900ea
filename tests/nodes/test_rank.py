"""The winner of a search: what may be one, in whose words it is given, when it gives way."""

from __future__ import annotations

from typing import Any

import pytest
from support.bridge import BRIDGE, MAYOR, QUESTION, TEXTS, model, said
from support.reasoned import node, passage
from support.scripted import Reply
from support.world import after, labels, world

from churon.nodes.cite import claim
from churon.nodes.rank import JudgeWinner, Rank, TakeWinner, claims_of, fallback
from churon.nodes.tree import ROOT, Tree
from churon.tools.context import RagContext
from churon.tools.types import AnswerGroup, Support


def group(answer: str, *nodes: str) -> AnswerGroup:
    return AnswerGroup(answer=answer, nodes=[*nodes], score=1.0, share=0.5)


async def test_the_model_is_asked_about_the_answers_that_weigh_most() -> None:
    values = {"Aren": 0.9, "Vesk": 0.8, "Orrin": 0.7, "Busan": 0.1}
    tree: Tree = {ROOT: node(ROOT)}
    for number, (answer, value) in enumerate(values.items(), 1):
        given = {"answer": answer, "value": value, "N": 1, "Q": value}
        tree[f"n{number}"] = node(f"n{number}", ROOT, "summarise", **given)
    asked: list[set[str]] = []

    def same(prompt: str) -> Reply:
        asked.append({answer for answer in values if answer in prompt})
        return labels(Y=0.1, N=0.9)

    rank = Rank(world(model(same=same)))
    await after(rank, standalone="Which town?", tree=tree, failures=[])
    assert len(asked) == 3 and all(pair < {"Aren", "Vesk", "Orrin"} for pair in asked)


@pytest.mark.parametrize(
    ("anew", "answer"),
    [
        (said("Sora Han is the mayor of Aren [2].", "Sora Han"), "Sora Han is the mayor of Aren."),
        (said("Kim is the mayor [1].", "Kim"), "It is Sora Han."),  # another was elected
    ],
)
async def test_new_words_for_the_winner_rest_on_all_passages_and_say_the_same(
    anew: str, answer: str
) -> None:
    tree: Tree = {ROOT: node(ROOT)}
    for key, source in (("n1", "p1"), ("n2", "p2")):
        told = [claim("It is Sora Han.", [source])]
        given = {"answer": "Sora Han", "value": 0.9, "evidence_ids": [source], "claims": told}
        tree[key] = node(key, ROOT, "summarise", **given)
    taken = await after(
        TakeWinner(world(model(conclude=anew), TEXTS)),
        standalone=QUESTION,
        tree=tree,
        ranking=[group("Sora Han", "n1", "n2")],
        evidence={"p1": passage("p1", BRIDGE), "p2": passage("p2", MAYOR)},
    )
    assert taken["answer"] == answer and taken["kept"] == ["p1", "p2"]


@pytest.mark.parametrize(
    ("supports", "verdict"), [(["full", "none"], "done"), (["none", "none"], "next")]
)
async def test_only_a_winner_without_any_support_gives_way(
    supports: list[Support], verdict: str
) -> None:
    groups = [group("Kim"), group("Sora Han")]
    claims = [{**claim("It is so.", ["p1"]), "support": one} for one in supports]
    judged = await after(JudgeWinner(world(model())), claims=claims, ranking=groups, tried=0)
    assert judged["verdict"] == verdict
    assert judged["ranking"] == (groups[1:] if verdict == "next" else groups)


def test_only_a_single_sentence_inherits_what_was_found_of_the_whole() -> None:
    context, [one, two] = RagContext(), [claim("It is Aren.", ["p1"]), claim("It is old.", ["p2"])]

    def checked(*claims: Any, s_sup: float | None) -> Any:
        return claims_of(node("n1", claims=[*claims], s_sup=s_sup), context)

    assert checked(one, s_sup=0.9) == [{**one, "support": "full", "support_score": 0.9}]
    assert checked(one, two, s_sup=0.9) == [one, two]
    assert checked(one, s_sup=None) == [one]


def test_without_a_finished_rollout_an_answer_to_the_question_is_taken() -> None:
    tree = {
        "n0": node("n0", query="q?"),
        "n1": node("n1", "n0", "retrieve", query="q?", answer="read"),
        "n2": node("n2", "n0", "summarise", query="q?", answer="ended", terminal=True),
        "n3": node("n3", "n0", "retrieve", query="r?", answer="another question's"),
    }
    assert [one["answer"] for one in fallback(tree)] == ["ended"]
    del tree["n2"]
    assert [one["answer"] for one in fallback(tree)] == ["read"]
    del tree["n1"]
    assert fallback(tree) == [] == fallback({})
