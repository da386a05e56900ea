"""Variants by text, the order of asking, whole budgets, and how long the rest takes."""

from __future__ import annotations

from typing import Any

import pytest
from support.eval_world import World

from churon.cli.evals.progress import left
from churon.evals.datasets.case import case
from churon.evals.schedule import schedule
from churon.evals.spending import Pace
from churon.evals.variants import variants
from churon.tools.errors import InputError, SettingsError


@pytest.fixture
def settings_for(tmp_path: Any) -> Any:
    return World(tmp_path).settings_for


def test_a_graph_alone_and_with_settings(settings_for: Any) -> None:
    texts = ["self_rag", "b=cot_rag,k2=2,limits.calls=9,rerank.provider=none,form=long"]
    first, second = variants(texts, settings_for)
    assert (first.name, first.graph) == ("self_rag", "self_rag")
    assert (second.name, second.graph) == ("b", "cot_rag")
    context = second.settings.context
    assert (context.k2, context.limits.calls, context.form) == (2, 9, "long")


def test_a_preset_of_its_own(settings_for: Any) -> None:
    (one,) = variants(["o=self_rag,preset=ollama,chat.model=x"], settings_for)
    assert (one.settings.preset, one.settings.chat.provider) == ("ollama", "ollama")
    assert one.settings.chat.model == "x"


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], "nothing to evaluate.*--variant"),
        (["nope"], "no graph 'nope'.*agent"),
        (["a=nope"], "no graph 'nope'"),
        (["a b=self_rag"], "is not NAME=GRAPH"),
        (["self_rag,k2"], "is not NAME=GRAPH"),
        (["self_rag", "self_rag,k2=3"], "Two variants are named 'self_rag'"),
    ],
)
def test_bad_variants(texts: list[str], said: str, settings_for: Any) -> None:
    with pytest.raises(InputError, match=said):
        variants(texts, settings_for)


@pytest.mark.parametrize("pair", ["k2=0", "nonsense=1", "preset=moon", "chat.nonsense=1"])
def test_bad_settings(pair: str, settings_for: Any) -> None:
    with pytest.raises(SettingsError, match=pair.partition("=")[0]):
        variants([f"self_rag,{pair}"], settings_for)


def test_who_comes_first_rotates_and_what_is_done_is_left_out() -> None:
    cases = [case(f"q{n}", f"Q{n}?", ["x"]) for n in range(3)]
    tasks = schedule(cases, ["a", "b"], [], keep_errors=False)
    assert [task.variants for task in tasks] == [("a", "b"), ("b", "a"), ("a", "b")]
    done: Any = {"case": cases[0], "variant": "a"}
    failed: Any = {"case": cases[1], "variant": "b", "error": "x"}
    left = schedule(cases, ["a", "b"], [done, failed], keep_errors=False)
    assert [task.variants for task in left] == [("b",), ("b", "a"), ("a", "b")]
    kept = schedule(cases, ["a", "b"], [done, failed], keep_errors=True)
    assert [task.variants for task in kept] == [("b",), ("a",), ("a", "b")]
    edited: Any = {"case": {**cases[0], "question": "Other?"}, "variant": "a"}
    assert len(schedule(cases, ["a"], [edited], keep_errors=False)) == 3


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, ""), (3.4, "3 s left"), (75, "1 min 15 s left"), (7_260, "2 h 01 min left")],
)
def test_time_left(seconds: float | None, said: str) -> None:
    assert left(seconds) == said


def test_pace() -> None:
    pace = Pace()
    assert pace.left({"a": 3}, 1) is None
    for variant, seconds in (("a", 10.0), ("a", 20.0), ("b", 5.0)):
        row: Any = {"variant": variant, "seconds": seconds}
        pace.add(row)
    error: Any = {"variant": "b", "seconds": 0.0, "error": "x"}
    pace.add(error)
    assert pace.left({"a": 2, "b": 1}, 1) == 35.0
    assert pace.left({"c": 2}, 2) == 10.0  # the mean of the others
