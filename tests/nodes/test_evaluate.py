"""What an answer of a search is worth: how many samples agree, whether its passages bear it."""

from __future__ import annotations

from typing import Any

import pytest
from support.bridge import MAYOR, QUESTION, TEXTS, model, said
from support.reasoned import node, passage
from support.world import after, labels, world

from churon.nodes.evaluate import Evaluate, plurality, undecided
from churon.tools.types import Action, Draft, Judgement

REFUTED = labels(F=1e-9, P=1e-9, N=1.0)


async def judged(
    script: Any, sources: list[str], action: Action = "summarise", *, sampling: float = 0.0
) -> Judgement:
    """The judgement of one answer, "Sora Han"."""
    given = {"text": "Sora Han is it.", "answer": "Sora Han", "evidence_ids": sources}
    valued = await after(
        Evaluate(world(script, TEXTS, sampling=sampling)),
        standalone=QUESTION,
        path=[node("n0", query=QUESTION), node("n1", "n0", action, terminal=True, **given)],
        evidence={"p2": passage("p2", MAYOR)},
    )
    found: Judgement = valued["judged"]["n1"]
    return found


@pytest.mark.parametrize(
    ("support", "sources", "s_sup", "value"),
    [
        (labels(F=1.0, P=1e-9, N=1e-9), ["p2"], 1.0, 1.0),
        (labels(F=1.0, P=1e-9, N=1e-9), [], 0.0, 0.5),  # nothing that could bear it
        (REFUTED, ["p2"], 0.0, 0.5),
        ("?", ["p2"], None, 1.0),  # votes are all there is
    ],
)
async def test_votes_and_support_are_half_of_an_answers_worth_each(
    support: Any, sources: list[str], s_sup: float | None, value: float
) -> None:
    made = await judged(model(support=support), sources)
    assert (made["vote"], made["s_sup"], made["value"]) == (1.0, s_sup, value)


@pytest.mark.parametrize(("action", "step"), [("summarise", "conclude"), ("direct", "recall")])
async def test_a_sample_is_drawn_as_the_answer_was_and_is_not_shown_it(
    action: Action, step: str
) -> None:
    seen: list[tuple[str, str]] = []

    def script(name: str, prompt: str) -> Any:
        seen.append((name, prompt))
        kim = said("Kim is the mayor.", "Kim")
        return model(conclude=kim, recall=kim)(name, prompt)

    await judged(script, [], action, sampling=0.7)
    drawn = [(name, prompt) for name, prompt in seen if name in ("conclude", "recall")]
    assert {name for name, _ in drawn} == {step}
    assert not any("Sora Han" in prompt for _, prompt in drawn)


@pytest.mark.parametrize(
    ("answers", "share", "place"),
    [
        (["Aren", "aren."], 1.0, 0),
        (["Vesk", "Aren", "Aren"], 2 / 3, 1),
        (["Aren", "", "Aren"], 2 / 3, 0),  # a sample without an answer is a vote against
        (["Vesk", "Aren"], 1 / 2, 0),  # the earlier one
        (["", ""], 0.0, 0),
    ],
)
def test_the_plurality_is_a_share_of_all_samples(
    answers: list[str], share: float, place: int
) -> None:
    assert plurality(answers) == (pytest.approx(share), place)


@pytest.mark.parametrize(
    ("answers", "most", "more"),
    [
        (["Aren", "Aren"], 5, False),
        (["Aren", "Vesk"], 3, True),
        (["Aren", "Vesk", "Aren"], 3, False),  # none is left
        (["Aren", "Vesk", "Aren"], 4, True),  # the last one could tie
        (["Aren", "Vesk", "Aren", "Aren"], 5, False),  # a lead of two, and one is left
        (["", ""], 3, True),
    ],
)
def test_samples_are_drawn_while_they_could_change_the_answer(
    answers: list[str], most: int, more: bool
) -> None:
    blank: dict[str, Any] = {"text": "", "query": "", "evidence_ids": [], "claims": []}
    drafts = [Draft(answer=answer, terminal=True, **blank) for answer in answers]
    assert undecided(drafts, most) is more
