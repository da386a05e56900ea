"""The end of a plan: which passages the answer rests on, which sentence inherits its support."""

from __future__ import annotations

import pytest
from support.bridge import QUESTION, model
from support.reasoned import passage, result, step
from support.world import after, world

from churon.nodes.findings import claims_of
from churon.nodes.gather import Conclude


@pytest.mark.parametrize(("most", "kept"), [(9, ["c", "a", "b", "d"]), (3, ["c", "a", "b"])])
async def test_passages_of_later_steps_come_first_and_the_surveys_last(
    most: int, kept: list[str]
) -> None:
    plan = [step("1", "Which town?"), step("2", "Who is it?", "1")]
    found = [
        result("1", "Which town?", "Aren", evidence_ids=["a", "b"]),
        result("2", "Who is it?", "Sora Han", evidence_ids=["c", "a"]),
    ]
    concluded = await after(
        Conclude(world(model(), final_passages=most)),
        standalone=QUESTION,
        plan=plan,
        results={one["id"]: one for one in found},
        evidence={key: passage(key, f"Passage {key}.") for key in "abcd"},
        top=["d", "c"],
        failures=[],
    )
    assert concluded["kept"] == kept


@pytest.mark.parametrize(
    ("reasoning", "found"),
    [
        ("It is Aren.", [("full", 0.93)]),
        ("It is Aren. It is old.", [("unchecked", None)] * 2),
    ],
)
def test_only_a_single_sentence_inherits_what_was_found_of_the_step(
    reasoning: str, found: list[tuple[str, float | None]]
) -> None:
    made = claims_of(result("1", "Which town?", "Aren", reasoning=reasoning))
    assert [(one["support"], one["support_score"]) for one in made] == found
