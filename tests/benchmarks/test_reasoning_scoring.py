"""The reasoning benchmark's scores, intervals, rows and order; nothing is asked here."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def load(name: str) -> ModuleType:
    """A benchmark's module by path: the folder is no package, and its names are common ones."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and siblings look there
    spec.loader.exec_module(module)
    return module


scoring, rows, short = (load(name) for name in ("scoring", "reasoning_rows", "short_answer"))
tasks = load("reasoning_tasks")


@pytest.mark.parametrize(
    ("answer", "golds", "f1", "exact"),
    [
        ("Creature Comforts", ["Creature Comforts"], 1, 1),
        ("the creature comforts!", ["Creature Comforts"], 1, 1),
        ("The Finnish markka", ["Finnish markka", "markka"], 1, 1),
        ("Hank Williams", ["Hank Williams, Jr."], 0.8, 0),
        ("Hank Hank Williams", ["Hank Williams, Jr."], 2 / 3, 0),
        ("20 March 851", ["851"], 0.5, 0),
        ("U.S.", ["US"], 1, 1),
        ("1914–1918", ["1914-1918"], 1, 1),
        ("an", ["the"], 1, 1),
        ("", ["1842"], 0, 0),
        ("1842", ["1776"], 0, 0),
        ("세종대왕", ["세종대왕"], 1, 1),
        ("「조선」의 세종대왕.", ["세종대왕"], 2 / 3, 0),
        ("1842", [], 0, 0),
    ],
)
def test_f1_and_exact_match_of_known_cases(
    answer: str, golds: list[str], f1: float, exact: float
) -> None:
    assert scoring.f1(answer, golds) == pytest.approx(f1)
    assert scoring.exact(answer, golds) == exact


@pytest.mark.parametrize(
    ("answer", "golds", "found"),
    [
        ("It was taken in 1842, by treaty.", ["1842"], 1),
        ("The currency was the Finnish Markka.", ["The Finnish markka"], 1),
        ("Nothing is known.", ["no"], 0),
        ("No, they are not.", ["no"], 1),
        ("Anything.", ["the"], 0),
        ("Something else.", ["1842", "else"], 1),
    ],
)
def test_match_is_a_gold_within_the_long_answer(answer: str, golds: list[str], found: int) -> None:
    assert scoring.match(answer, golds) == found


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Yes", True),
        ("no.", False),
        ("네, 그렇습니다", True),
        ("아니요", False),
        ("사실", True),
        ("거짓입니다", False),
        ("사실이 아닙니다", False),
        ("1842", None),
        ("예술", None),
        ("", None),
    ],
)
def test_a_verdict_is_read_in_both_languages(text: str, meant: bool | None) -> None:
    assert scoring.verdict(text) is meant


def answered(**changes: Any) -> dict[str, Any]:
    row = {"status": "grounded", "claims": [{}], "positives": ["a", "b"], "read": ["a", "c"]}
    return {
        **row,
        "golds": ["1842"],
        "truth": None,
        "answer": "In 1842.",
        "short": "1842",
    } | changes


def test_scores_of_a_row() -> None:
    made = scoring.scores(answered())
    assert (made["recall"], made["all"], made["f1"], made["match"]) == (0.5, 0.0, 1.0, 1.0)
    assert made["accuracy"] is None and made["answer"] == 1.0
    assert scoring.scores(answered(read=["b", "a"]))["all"] == 1.0


def test_an_abstention_scores_nothing_even_where_its_words_match() -> None:
    made = scoring.scores(answered(status="abstained", claims=[], answer="1842", short=""))
    assert made["abstained"] == 1.0
    assert (made["f1"], made["em"], made["match"]) == (0.0, 0.0, 0.0)
    budget = answered(status="budget_exhausted", claims=[], truth=False, short="")
    assert scoring.scores(budget)["accuracy"] == 0.0


@pytest.mark.parametrize(("said", "right"), [("예", 1.0), ("no", 0.0), ("1842", 0.0)])
def test_yes_no_sets_have_accuracy_only(said: str, right: float) -> None:
    made = scoring.scores(answered(truth=True, golds=["사실"], short=said))
    assert made["accuracy"] == made["answer"] == right and made["f1"] is None


def test_evidence_only_questions_have_no_answer_score() -> None:
    made = scoring.scores(answered(golds=[]))
    assert made["answer"] is None and made["recall"] == 0.5


def test_the_interval_holds_the_mean_narrows_with_n_and_is_reproducible() -> None:
    few, many = scoring.interval([0.0, 1.0] * 5), scoring.interval([0.0, 1.0] * 200)
    assert few.low < few.mean == 0.5 < few.high
    # the normal approximation: 1.96 * 0.5 / sqrt(400)
    assert many.high - many.low == pytest.approx(2 * 0.049, abs=0.015)
    assert scoring.interval([0.0, 1.0] * 5) == few
    assert scoring.interval([0.3] * 4).low == pytest.approx(0.3)
    assert scoring.interval([None, 1.0]).n == 1
    assert scoring.interval([]).n == 0


def test_paired_differences_leave_out_what_one_side_lacks() -> None:
    better, plain = answered(), answered(short="1776", read=[])
    pairs = [(plain, better), (answered(golds=[]), answered(golds=[]))]
    assert scoring.differences(pairs, "answer") == [1.0]
    assert scoring.differences(pairs, "recall") == [0.5, 0.0]


GIVEN = {"model": "m", "prompts": "p", "seed": 7, "overrides": {}}


def row(id_: str, graph: str, **changes: Any) -> dict[str, Any]:
    return {"set": "s", "id": id_, "graph": graph, **GIVEN, **changes}


def test_a_torn_last_line_costs_that_row_only(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    whole = json.dumps(row("q1", "g"), ensure_ascii=False).encode() + b"\n"
    path.write_bytes(whole + '{"id": "q2", "answer": "세'.encode()[:-1])
    assert [one["id"] for one in rows.read(path)[0]] == ["q1"]
    with rows.Writer(path) as writer:
        writer.write(row("q2", "g", answer="두\ud83d번"))
        writer.write(row("q3", "g", answer="line\u2028and\nline"))
    read, torn = rows.read(path)
    assert [one["id"] for one in read] == ["q1", "q2", "q3"] and torn == 1
    assert read[2]["answer"] == "line\u2028and\nline"


def test_no_rows_yet(tmp_path: Path) -> None:
    assert rows.read(tmp_path / "rows.jsonl") == ([], 0)


def test_an_error_never_replaces_an_answer() -> None:
    failed, fine = row("q1", "g", error="x"), row("q1", "g", answer="y")
    for order in ([failed, fine], [fine, failed]):
        assert list(rows.current(order).values()) == [fine]
    assert rows.done([failed]) == set()


def question(set_: str, id_: str) -> SimpleNamespace:
    return SimpleNamespace(set=set_, id=id_)


def test_sets_are_interleaved_and_the_first_graph_rotates() -> None:
    samples = {"s": [question("s", "1"), question("s", "2")], "t": [question("t", "1")]}
    order = [(q.set, q.id, graph) for q, graph in tasks.schedule(samples, ["a", "b"])]
    assert order == [
        *(("s", "1", "a"), ("s", "1", "b"), ("t", "1", "a"), ("t", "1", "b")),
        *(("s", "2", "b"), ("s", "2", "a")),
    ]


@pytest.mark.parametrize(
    ("changes", "again"),
    [
        ({}, False),
        ({"error": "ModelError"}, True),
        ({"model": "other"}, True),
        ({"prompts": "other"}, True),
        ({"seed": 8}, True),
        ({"overrides": {"context.k2": 5}}, True),
        ({"commit": "later"}, False),
    ],
)
def test_what_is_asked_again(changes: dict[str, Any], again: bool) -> None:
    wanted = [(question("s", "q1"), "g")]
    left = tasks.missing(wanted, [row("q1", "g", **changes)], GIVEN)
    assert left == (wanted if again else [])


def test_resume_only_begins_no_question() -> None:
    wanted = [(question("s", id_), graph) for id_ in ("q1", "q2") for graph in ("g", "h")]
    left = tasks.missing(wanted, [row("q1", "g")], GIVEN, resume_only=True)
    assert [(q.id, graph) for q, graph in left] == [("q1", "h")]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Richard Wagner.\nHe was", "Richard Wagner"),
        ('Answer: "1842"', "1842"),
        ("None.", ""),
        ("답: 서울", "서울"),
        ("\n", ""),
    ],
)
def test_a_short_answer_is_tidied(text: str, kept: str) -> None:
    assert short.tidy(text) == kept


def test_a_verdict_is_wanted_by_the_questions_form() -> None:
    assert short.wants_verdict("Are both rivers in France?", "en")
    assert not short.wants_verdict("Is the Loire or the Rhône longer?", "en")
    assert not short.wants_verdict("Who is it?", "en")
    assert short.wants_verdict("고래는 물고기인가요?", "ko")
    assert not short.wants_verdict("누가 왕인가요?", "ko")


def test_a_prompt_leaves_braces_alone() -> None:
    asked = short.prompt("What is {answer}?", "{question}", "en")[1].content
    assert "What is {answer}?" in asked and "Text: {question}" in asked
