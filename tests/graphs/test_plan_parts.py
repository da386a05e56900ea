"""Plans of questions about several things keep a step for each of them."""

from __future__ import annotations

import pytest
from support.bridge import ask, model, plans, results, said, steps

PARTS = ["When was the Vesk mill built?", "When was the Orrin lighthouse built?"]
TOLD = "The mill was built in 1898 and the lighthouse in 1912."


@pytest.mark.parametrize("graph", ["cot_rag", "auto"])
async def test_both_parts_of_a_question_are_looked_up(graph: str) -> None:
    script = model(plan=steps(*PARTS), conclude=said(TOLD, "1898 and 1912"))
    output = await ask(graph, script, "When were the Vesk mill and the Orrin lighthouse built?")
    assert plans(output) == [PARTS]
    assert [found["answer"] for found in results(output).values()] == ["1898", "1912"]
    assert "plan:repeats_question" not in output["degraded"]
