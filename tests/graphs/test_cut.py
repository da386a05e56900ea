"""What the limit of tokens cuts is said, and what was whole before it is the answer."""

from __future__ import annotations

from typing import Any

import pytest
from support import bridge
from support.ferry import QUESTION, TEXTS, model
from support.world import world

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
