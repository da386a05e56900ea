"""Every branch of every router, on bare states."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph.types import Send

from churon.graphs import long_form, retrieval, self_rag, two_stage
from churon.nodes.beam import empty_beam

BASE: dict[str, Any] = {
    "run": "r",
    "language": "en",
    "account": {},
    "standalone": "q",
    "filter": None,
    "form": "short",
    "top": ["a", "b"],
    "kept": ["a"],
    "candidates": {},
    "partials": [],
    "sufficient": False,
    "stale": False,
    "stop_reason": "",
    "verdict": "settle",
    "retrieval": True,
    "evidence": {"a": {"id": "a"}, "b": {"id": "b"}},
}


def state(**changes: Any) -> Any:
    return {**BASE, **changes}


def names(routed: Any) -> Any:
    """Node names: fan-outs as a list."""
    return [send.node for send in routed] if isinstance(routed, list) else routed


def candidate(text: str, s_sup: float | None) -> dict[str, Any]:
    return {"evidence_id": "a", "text": text, "s_sup": s_sup}


@pytest.mark.parametrize(
    ("changes", "to"),
    [
        ({"retrieval": False}, "direct"),
        ({}, "retrieval"),
        ({"form": "iterative"}, "retrieval"),
        ({"form": "long"}, "long_form"),
    ],
)
def test_after_reflect(changes: dict[str, Any], to: str) -> None:
    assert self_rag.after_reflect(state(**changes)) == to


@pytest.mark.parametrize(
    ("changes", "to"),
    [
        ({}, ["candidate", "candidate"]),
        ({"candidates": {"a": {}}}, ["candidate"]),
        ({"candidates": {"a": {}, "b": {}}}, "select"),
        ({"top": []}, "select"),
        ({"stop_reason": "budget:calls"}, "select"),
        ({"form": "iterative"}, "partial"),
        ({"form": "iterative", "kept": []}, "judge_round"),
        ({"form": "iterative", "sufficient": True}, "check"),
        ({"form": "iterative", "stale": True, "partials": ["x"]}, "check"),
        ({"form": "iterative", "sufficient": True, "partials": ["x", "y"]}, "synthesise"),
        ({"form": "iterative", "stop_reason": "budget:tokens"}, "check"),
    ],
)
def test_after_retrieval(changes: dict[str, Any], to: Any) -> None:
    assert names(self_rag.after_retrieval(state(**changes))) == to


@pytest.mark.parametrize(
    ("changes", "to"),
    [
        ({"candidates": {"a": candidate("x", None)}}, ["critique"]),
        ({"candidates": {"a": candidate("x", 0.5)}}, "select"),
        ({"candidates": {"a": candidate("", None)}}, "select"),
        ({}, "select"),
        ({"candidates": {"a": candidate("x", None)}, "stop_reason": "budget:calls"}, "select"),
    ],
)
def test_to_critique(changes: dict[str, Any], to: Any) -> None:
    assert names(self_rag.to_critique(state(**changes))) == to


@pytest.mark.parametrize(
    ("verdict", "stop", "short", "iterative"),
    [
        ("again", "", "retrieval", "retrieval"),
        ("settle", "", "check", "check"),
        ("again", "budget:calls", "check", "check"),
        ("synthesise", "", "check", "synthesise"),
        ("synthesise", "budget:seconds", "check", "check"),
    ],
)
def test_after_judges(verdict: str, stop: str, short: str, iterative: str) -> None:
    given = state(verdict=verdict, stop_reason=stop)
    assert self_rag.after_short(given) == short
    assert self_rag.after_round(given) == iterative


@pytest.mark.parametrize(
    ("changes", "to"),
    [
        ({}, "search"),
        ({"sufficient": True}, "digest"),
        ({"stale": True}, "digest"),
        ({"stop_reason": "budget:searches"}, "digest"),
    ],
)
def test_after_gap(changes: dict[str, Any], to: str) -> None:
    assert retrieval.after_gap(state(**changes)) == to


@pytest.mark.parametrize(
    ("changes", "to"),
    [
        ({}, ["grade", "grade"]),
        ({"top": []}, "digest"),
        ({"stop_reason": "budget:seconds"}, "digest"),
    ],
)
def test_grading_fans_out(changes: dict[str, Any], to: Any) -> None:
    assert names(retrieval.fan_out(state(**changes))) == to


@pytest.mark.parametrize(
    ("changes", "evidence", "go_on"),
    [
        ({}, "generate", "restate"),
        ({"kept": []}, "finish", "restate"),
        ({"stop_reason": "budget:calls"}, "finish", "finish"),
    ],
)
def test_two_stage(changes: dict[str, Any], evidence: str, go_on: str) -> None:
    assert two_stage.has_evidence(state(**changes)) == evidence
    assert two_stage.go_on(state(**changes)) == go_on


def beam(**changes: Any) -> Any:
    return {**empty_beam(), **changes}


@pytest.mark.parametrize(
    ("beams", "stop", "to"),
    [
        ([beam()], "", ["reach"]),
        ([beam(), beam(id="b1"), beam(id="b2", finished=True)], "", ["reach", "reach"]),
        ([beam(decision="C")], "", "spread"),
        ([beam(finished=True)], "", "spread"),
        ([beam()], "budget:calls", "take"),
    ],
)
def test_after_decide(beams: list[Any], stop: str, to: Any) -> None:
    assert names(long_form.after_decide(state(beams=beams, stop_reason=stop))) == to


@pytest.mark.parametrize(
    ("beams", "passages"),
    [
        ([beam()], ["a", "b"]),
        ([beam(decision="C", last="b")], ["b"]),
        ([beam(decision="N", last="b")], [None]),
        ([beam(finished=True)], []),
        ([beam(id="lost")], []),
    ],
)
def test_a_beam_spreads_over_its_passages(beams: list[Any], passages: list[Any]) -> None:
    routed = long_form.spread(state(beams=beams, reach={"b0": ["a", "b"]}))
    if not passages:
        assert routed == "prune"
        return
    assert isinstance(routed, list) and all(isinstance(send, Send) for send in routed)
    given = [send.arg["passage"] for send in routed]
    assert [one and one["id"] for one in given] == passages


def test_spreading_stops_with_the_budget() -> None:
    assert long_form.spread(state(beams=[beam()], reach={}, stop_reason="budget:calls")) == "take"


@pytest.mark.parametrize(
    ("beams", "stop", "to"),
    [
        ([beam(), beam(finished=True)], "", "decide"),
        ([beam(finished=True)], "", "take"),
        ([beam()], "budget:seconds", "take"),
    ],
)
def test_after_prune(beams: list[Any], stop: str, to: str) -> None:
    assert long_form.after_prune(state(beams=beams, stop_reason=stop)) == to
