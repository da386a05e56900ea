"""What the limit of tokens cuts is said, and what was whole before it is the answer."""

from __future__ import annotations

from typing import Any

import pytest
from support import bridge
from support.ferry import QUESTION, TEXTS, model
from support.world import ListStore, world

from churon.graphs import cot_rag, self_rag, two_stage

WHOLE = "The Lumen leaves at 07:30 [1]."
REST = "It then goes slowly along the coast past many small islands and far away to the town"


async def ask(graph: Any, **script: Any) -> Any:
    toolkit = world(model(**script), TEXTS, answer_tokens=16)
    return await graph.build(toolkit).ainvoke({"question": QUESTION})


@pytest.mark.parametrize("text", [f"{WHOLE} {REST}", f"The Lumen leaves at 07:30. [1] {REST}"])
async def test_whole_sentences_are_kept_with_their_keys(text: str) -> None:
    output = await ask(two_stage, answer=text)
    assert output["answer"] == "The Lumen leaves at 07:30."
    assert output["claims"][0]["evidence_ids"] and "generate:cut" in output["degraded"]


async def test_a_candidates_whole_sentences_are_kept() -> None:
    output = await ask(self_rag, candidate=f"The Lumen leaves at 07:30. {REST}")
    assert output["answer"] == "The Lumen leaves at 07:30."
    assert "generate:cut" in output["degraded"]


async def test_a_sentence_that_is_cut_is_said_to_be() -> None:
    output = await ask(two_stage, answer=REST)
    assert REST.startswith(output["answer"]) and "generate:cut" in output["degraded"]


async def test_a_whole_answer_is_not() -> None:
    output = await ask(two_stage, answer=WHOLE)
    assert "generate:cut" not in output["degraded"]


async def test_keys_before_their_sentences_stay_with_them() -> None:
    text = f"[1] The Lumen leaves at 07:30. [2] {REST}"
    output = await ask(two_stage, answer=text)
    assert len(output["claims"][0]["evidence_ids"]) == 1


async def test_a_list_is_cut_behind_its_last_whole_item() -> None:
    output = await ask(two_stage, answer=f"Two ways [1].\n1. By ferry [1].\n2. {REST}")
    assert "By ferry" in output["answer"] and not output["answer"].rstrip().endswith("2.")


async def test_a_statement_that_its_schema_cut_keeps_whole_sentences() -> None:
    long = f"Sora Han is the mayor [1]. She came to Aren by a road that {'winds and ' * 40}"[:320]
    toolkit = world(bridge.model(conclude=bridge.said(long, "Sora Han")), bridge.TEXTS)
    output = await cot_rag.build(toolkit).ainvoke({"question": bridge.QUESTION})
    assert output["answer"] == "Sora Han is the mayor."
    assert "generate:cut" in output["degraded"]


WHY = (
    "Since the Halden bridge stands in the town of Aren and since towns of that county elect their "
    "mayors every four years by popular vote as the charter of 1951 says it follows that we need "
    "the result of the last election in the town of Aren to name the mayor who leads it today and "
    "who opened the bridge."
)


async def thoughts(**context: Any) -> tuple[set[str], list[str]]:
    script = bridge.model(hop=WHY, conclude=bridge.said("", None))
    given = {"profile": "standard", "rollouts": 8, "limits": {"calls": 500}, **context}
    output = await bridge.ask("mcts_rag", script, **given)
    [tree] = [one for one in output["steps"] if one["step"] == "tree"]
    said = {node["text"] for node in tree["nodes"] if node["action"] == "reason"}
    return said, output["degraded"]


async def test_a_thought_has_as_much_room_as_an_answer() -> None:
    assert (await thoughts())[0] == {WHY}


async def test_a_thought_that_is_cut_all_the_same_is_said_to_be() -> None:
    said, degraded = await thoughts(answer_tokens=16)
    assert all(WHY.startswith(one) for one in said) and "generate:cut" in degraded


async def test_a_hop_has_as_much_room_as_an_answer() -> None:
    script = bridge.model(read=bridge.said("", None), hop=WHY, plan=bridge.steps(bridge.QUESTION))
    store = ListStore(bridge.TEXTS)
    await bridge.ask("cot_rag", script, store=store)
    assert WHY in [one["query"] for one in store.asked]
