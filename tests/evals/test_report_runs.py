"""One run in a report: its outcome, its evidence, where it parts from another's."""

from __future__ import annotations

from typing import Any

from support.eval_rows import VARIANTS, made
from support.reasoned import tree
from support.rows import abstained, case, passage, row

from churon.evals.report.sides import parting, side
from churon.evals.report.steps import told
from churon.evals.report.texts import Texts
from churon.evals.types import Row


def run_of(one: Row) -> dict[str, Any]:
    return side(one, Texts([one]))


def test_where_two_runs_part() -> None:
    search, other = {"step": "search", "query": "x", "found": 9}, {"step": "search", "query": "y"}
    a = run_of(row(steps=[search, other], read=[passage("p1"), passage("p2")]))
    again = run_of(row(steps=[{**search, "found": 3}, other], read=[passage("p1"), passage("p3")]))
    assert parting(a, again) == {"step": None, "passage": 1}
    short = run_of(row(steps=[search], read=[passage("p1")]))
    assert parting(a, short) == {"step": 1, "passage": 1}
    assert parting(a, a) == {"step": None, "passage": None}


def test_outcomes_are_seen_from_what_is_right() -> None:
    none = case(answers=[], answerable=False)
    ends = {
        "right": row(short="Ada Lovelace"), "partly": row(short="Ada"), "wrong": row(short="Bob"),
        "answered": row(case(answers=[])), "abstained": abstained(), "declined": abstained(none),
        "error": row(error="x"), "none": row(claims=[], answer=""),
    }  # fmt: skip
    assert {name: run_of(one)["outcome"] for name, one in ends.items()} == {n: n for n in ends}
    assert run_of(row(none))["outcome"] == "wrong" and run_of(row(none))["score"] == 0


def test_gold_evidence_is_marked_and_missed() -> None:
    asked = case(relevant={"p1": 1, "p2": 1})
    run_ = run_of(row(asked, read=[passage("p1"), passage("x")]))
    assert [one["gold"] for one in run_["read"]] == [True, False]
    assert run_["unread"] == [{"name": "p2"}]


def test_the_winners_path_is_marked() -> None:
    steps = told([{"step": "tree", "nodes": tree("en")}, {"step": "winner", "node": "n3"}])
    assert [one["id"] for one in steps[0]["nodes"] if one["path"]] == ["n0", "n1", "n3"]


def test_rows_are_as_an_evaluation_makes_them() -> None:
    rows = made()
    assert len(rows) == 60 * len(VARIANTS)
    ends = {run_of(one)["outcome"] for one in rows}
    assert {"right", "wrong", "abstained", "declined", "error"} <= ends
