"""Plans: whatever is written, a valid plan or a reason why not; never a circle or a loose end."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.planned import MOST, plan, result

from churon.nodes.plan_invalid import PlanInvalid
from churon.nodes.plans import (
    OPS,
    checked_plan,
    critical,
    gathers,
    in_order,
    missing_facts,
    one_step,
    ready,
    renumbered,
    stuck,
)
from churon.tools.types import StepResult

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
QUESTIONS = st.text(min_size=0, max_size=20).map(lambda text: f"What is {text}?")
REFERENCES = st.lists(st.integers(0, 7), max_size=3)


@st.composite
def raw_steps(draw: st.DrawFn) -> dict[str, Any]:
    places = " ".join(f"#{n}" for n in draw(REFERENCES))
    step: dict[str, Any] = {"question": f"{draw(QUESTIONS)} {places}"}
    if draw(st.booleans()):
        step["op"] = draw(st.sampled_from([*OPS, "guess"]))
    if draw(st.booleans()):
        step["depends_on"] = [str(n) for n in draw(REFERENCES)]
    if draw(st.integers(0, 3)) == 0:
        step["id"] = str(draw(st.integers(0, 6)))
    if draw(st.booleans()):
        step["needs_retrieval"] = draw(st.booleans())
    return step


@given(st.lists(raw_steps(), max_size=8))
def test_a_valid_plan_can_always_be_carried_out(raw: list[dict[str, Any]]) -> None:
    try:
        steps = checked_plan(raw, MOST)
    except PlanInvalid:
        return
    ids = [step["id"] for step in steps]
    assert 1 <= len(steps) <= MOST and len(set(ids)) == len(ids)
    assert all(set(step["depends_on"]) <= set(ids) - {step["id"]} for step in steps)
    assert all(step["needs_retrieval"] for step in steps if not step["depends_on"])
    # round by round, every step comes to run
    results: dict[str, StepResult] = {}
    while waiting := ready(steps, results):
        results |= {step["id"]: result(step["id"]) for step in waiting}
    left = [step for step in steps if step["id"] not in results]
    assert left == [] or (len(left) == 1 and left[0]["op"] == "synthesise")
    assert missing_facts(results, "q?") == [] and not stuck(steps, results)


@given(JSON)
def test_nonsense_is_a_plan_or_a_reason(raw: Any) -> None:
    try:
        assert checked_plan(raw, MOST)
    except PlanInvalid as reason:
        assert str(reason)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ([], "0 steps"),
        ([{"question": "Who?"}] * 20, "20 steps"),
        ({"steps": [{"question": "Who is #2?"}, {"question": "Who is #1?"}]}, "circle"),
        ([{"question": "Who is #1?"}], "circle"),
        ([{"question": "Who is #3?"}], "#3"),
        ([{"question": "Who?", "depends_on": ["8"]}], "#8"),
        ([{"question": "Who?", "id": "1"}, {"question": "When?", "id": "1"}], "same id"),
        ([{"question": "#1"}], "asks nothing"),
        ([{"question": " ?! "}], "asks nothing"),
        ([{"question": "Who?" * 200}], "characters"),
        ([{"question": "Who?", "op": "sing"}], "sing"),
        ([{"question": 3}], "no question"),
        (["Who?"], "no question"),
        ([{"question": "Who?", "depends_on": "1"}], "dependencies"),
        ([{"question": "Who?", "id": "one"}], "'one'"),
        ("Who?", "no list"),
        (None, "no list"),
        ({"plans": []}, "no list"),
    ],
)
def test_what_is_wrong_is_named(raw: Any, reason: str) -> None:
    with pytest.raises(PlanInvalid, match=reason) as told:
        checked_plan(raw, MOST)
    assert told.value.told("en") == f"The plan is not valid: {told.value}"
    assert re.match(r"계획이 올바르지 않습니다: .*[가-힣]", told.value.told("ko"))


def test_dependencies_follow_from_placeholders() -> None:
    steps = plan("Where?", "When?", "Is #2 after #1?")
    assert steps[2]["depends_on"] == ["2", "1"]


@pytest.mark.parametrize(
    ("op", "places", "needs"),
    [
        ("lookup", "#1", True),
        ("filter", "#1", True),
        ("compare", "#1", False),
        ("boolean", "", True),
    ],
)
def test_only_operations_on_answers_do_without_a_search(op: str, places: str, needs: bool) -> None:
    steps = checked_plan([{"question": "Who?"}, {"question": f"Is it {places}?", "op": op}], MOST)
    assert steps[1]["needs_retrieval"] is needs


def test_what_others_rest_on_and_the_last_step_are_critical() -> None:
    assert critical(plan("Where?", "When?", "Who is #1?"), {}) == {"1", "3"}
    assert critical([], {}) == set()


def test_of_gathered_facts_one_may_be_missing_but_not_all() -> None:
    steps = checked_plan(
        [{"question": "When?"}, {"question": "Who?"}, {"question": "All?", "op": "synthesise"}],
        MOST,
    )
    lost = {"1": result("1", "", "When?"), "2": result("2", "", "Who?")}
    assert stuck(steps, lost)
    assert not stuck(steps, {**lost, "1": result("1")})


def test_a_synthesis_that_others_rest_on_is_a_step_like_others() -> None:
    steps = checked_plan(
        [{"question": "Who is the mayor of #2?"}, {"question": "Which town?", "op": "synthesise"}],
        MOST,
    )
    assert not gathers(steps) and [step["id"] for step in ready(steps, {})] == ["2"]


def test_a_last_operation_that_names_no_answer_works_on_all() -> None:
    facts = [{"question": f"Is the {name} a museum?"} for name in ("mill", "pier")]
    last = {"op": "boolean", "question": "Are the mill and the pier both museums?"}
    plan = checked_plan([*facts, last], 4)
    assert plan[-1]["depends_on"] == ["1", "2"] and not plan[-1]["needs_retrieval"]
    # who says what it rests on, or asks the documents, means it so
    assert checked_plan([*facts, {**last, "depends_on": []}], 4)[-1]["depends_on"] == []
    assert checked_plan([*facts, {**last, "op": "lookup"}], 4)[-1]["needs_retrieval"]
    assert checked_plan([facts[0], last], 4)[-1]["depends_on"] == []
    # what asks about something else, or is asked for itself, is looked up
    other = {"op": "boolean", "question": "Does the ferry stop in Aren?"}
    assert checked_plan([*facts, other], 4)[-1]["needs_retrieval"]
    rests = {"question": "Who runs #3?"}
    assert checked_plan([facts[0], rests, last], 4)[-1]["depends_on"] == []


def test_what_was_tried_in_vain_is_missing_also_of_plans_that_were_given_up() -> None:
    results = {
        "1": result("1", "Aren", "Where?"),
        "2": result("2", "", "Who governs Aren?"),
        "3": result("3", "", "The whole question?"),
        "4": result("4", "", "Where ?"),  # answered by step 1
    }
    assert missing_facts(results, "The whole question?") == ["Who governs Aren?"]
    whole = {"3": results["3"]}
    assert missing_facts(whole, "The whole question?") == ["The whole question?"]


@given(st.integers(1, 80))
def test_renumbered_plans_stay_the_same_plan(first: int) -> None:
    steps = plan("Where?", "Who is #1?", "Is #2 older than #1?")
    moved = renumbered(steps, first)
    assert [step["id"] for step in moved] == [str(first + n) for n in range(3)]
    assert moved[2]["question"] == f"Is #{first + 1} older than #{first}?"
    assert len(in_order(moved)) == 3
    assert renumbered(moved, 1) == steps


def test_one_step_asks_the_question() -> None:
    assert checked_plan(one_step("Who?"), 1) == one_step("Who?")
