"""The search tree and the plan on a terminal, and the live lines of the graphs that make them."""

from __future__ import annotations

import io
import unicodedata
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from support.reasoned import node, plan_run, result, run_of, step, tree, tree_run, trees

from churon.cli.reasoning import path_to, plan_of, tree_of
from churon.cli.show import step_lines
from churon.cli.tree import show_reasoning, show_tree
from churon.cli.words import WORDS
from churon.graphs.contract import RagOutput
from churon.tools.errors import InputError
from churon.tools.types import Action, Op, TreeNode


def printed(output: RagOutput, width: int = 80) -> list[str]:
    """What the terminal shows, without colours."""
    console = Console(file=io.StringIO(), width=width, highlight=False)
    show_reasoning(console, output)
    return console.file.getvalue().strip("\n").splitlines()  # type: ignore[attr-defined, no-any-return]


def test_a_tree_shows_actions_numbers_and_texts() -> None:
    assert printed(tree_run("en")) == [
        "Search tree  nodes: 6 · rollouts: 3",
        "question  N 3 · mean 0.70",
        "│  capacity of the ferries?",
        "├─ find and read  N 2 · mean 0.80",
        "│  │  capacity of the ferries → 198 passengers",
        "│  ├─ conclude ★  N 1 · mean 0.92 · value 0.92 · vote 1.00 · support 0.84",
        "│  │     The larger ferry carries 198.",
        "│  └─ think a step  N 0",
        "│        The larger ferry carries 198.",
        "└─ rephrase  N 1 · mean 0.50",
        "   │  capacity of the ferries, capacity of the ferries",
        "   └─ answer directly  N 1 · mean 0.50 · value 0.50",
        "         198 passengers",
    ]


def test_a_korean_tree_speaks_korean() -> None:
    shown = "\n".join(printed(tree_run("ko")))
    assert "탐색 트리  노드 6개 · 탐색 3번" in shown
    assert "├─ 찾아 읽기  N 2 · 평균 0.80" in shown
    assert "정리 ★  N 1 · 평균 0.92 · 값 0.92 · 일치 1.00 · 뒷받침 0.84" in shown
    assert "질문 바꾸기" in shown


def test_the_winners_path_stands_out() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="standard")
    show_tree(console, tree("en"), "en", "n3")
    green = [line for line in console.file.getvalue().splitlines() if "\x1b[1;32m" in line]  # type: ignore[attr-defined]
    heads = ("question", "find and read", "conclude")
    assert all(any(head in line for line in green) for head in heads)
    assert not any("rephrase" in line or "think a step" in line for line in green)


def test_a_plan_shows_how_each_step_went() -> None:
    assert printed(plan_run("en")) == [
        "Plan",
        "├─ 1 · look up  read from passages · fully supported 0.93",
        "│  capacity of the ferries A? → 198 passengers",
        "├─ 2 · look up  unresolved",
        "│  capacity of the ferries B? → —",
        "└─ 3 · compare  after 1, 2 · not run",
        "   #1 > #2? → —",
    ]
    assert "├─ 1 · 찾기  문단에서 읽음 · 완전히 뒷받침됨 0.93" in printed(plan_run("ko"))


def test_the_last_plan_counts_and_finished_steps_are_kept() -> None:
    first = [step("1", "a?"), step("2", "b?")]
    second = [step("1", "a?"), step("2", "c?"), step("3", "d?", "2")]
    plan = plan_of(
        run_of(
            "en",
            {"step": "plan", "plan": first},
            {"step": "result", "result": result("1", "a?", "A")},
            {"step": "result", "result": result("2", "b?", "", method="none")},
            {"step": "plan", "plan": second},
            {"step": "result", "result": result("3", "d?", "D")},
        )
    )
    assert plan is not None
    assert [one["question"] for one in plan.steps] == ["a?", "c?", "d?"]
    assert set(plan.results) == {"1", "3"}  # step 2 is another question now


def test_a_run_without_either_says_so() -> None:
    search = {"step": "search", "found": 3}
    assert printed(run_of("en", search)) == ["This graph has no search tree or plan to show."]
    assert printed(run_of("ko", search)) == ["이 그래프에는 보여 줄 탐색 트리나 계획이 없음."]


def test_a_run_that_went_both_ways_shows_both() -> None:
    shown = printed(run_of("en", *plan_run("en")["steps"], *tree_run("en")["steps"]))
    assert shown.index("Plan") < shown.index("Search tree  nodes: 6 · rollouts: 3")


def test_an_end_does_not_repeat_the_question() -> None:
    end = node("n1", "n0", "direct", query="who?", answer="me", value=0.5)
    nodes = [node("n0", query="who?"), end, node("n2", "n0", "retrieve", query="who?")]
    shown = printed(run_of("en", {"step": "tree", "nodes": nodes}))
    assert (shown[2], shown[4], shown[6]) == ("│  who?", "│     me", "      who?")


def test_an_abstention_has_no_winner() -> None:
    tree = tree_of({**tree_run("en"), "status": "abstained"})
    assert tree is not None
    assert (tree.winner, tree.path()) == (None, set())


def test_texts_do_not_steer_the_terminal() -> None:
    nodes = [node("n0", query="\x1b]0;owned\x07 [bold]x[/bold]\r\nnext", answer="a\u202eb\ud800")]
    shown = printed(run_of("en", {"step": "tree", "nodes": nodes}))
    assert shown[-1] == "   \ufffd]0;owned\ufffd [bold]x[/bold] next → a\ufffdb\ufffd"


@given(trees(), st.integers(20, 120), st.sampled_from(["en", "ko"]), st.text(max_size=3))
def test_any_tree_fits_any_terminal(
    nodes: list[TreeNode], width: int, language: Any, winner: str
) -> None:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    show_tree(console, nodes, language, winner)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert max(map(cell_len, lines)) <= width
    assert not any(unicodedata.category(char) == "Cc" for line in lines for char in line)
    assert sum("  N " in line or line.endswith("…") for line in lines) >= len(nodes)


def test_a_path_ends_at_the_root_also_in_circles() -> None:
    nodes = tree("en")
    assert path_to(nodes, "n3") == {"n0", "n1", "n3"}
    assert path_to(nodes, None) == path_to(nodes, "n9") == set()
    assert path_to([node("a", "b"), node("b", "a")], "a") == {"a", "b"}


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([{"step": "tree", "nodes": [node("n0"), node("n0", "n0")]}], "'n0' is out of place"),
        ([{"step": "tree", "nodes": [node("n0"), node("n1", "n7")]}], "'n1' is out of place"),
        ([{"step": "tree", "nodes": [node("n0", "n7")]}], "'n0' is out of place"),
        ([{"step": "tree", "nodes": [node("n0", N=-1)]}], "'n0' has no count"),
        ([{"step": "tree", "nodes": [node("n0", Q=float("inf"))]}], "'n0' has no count"),
        ([{"step": "tree", "nodes": [{"id": "n0"}]}], "tree cannot be read: 0.parent field"),
        ([{"step": "tree"}], "tree cannot be read"),
        ([{"step": "plan", "plan": [step("1", "?", "2"), step("2", "?", "1")]}], "wait for each"),
        ([{"step": "plan", "plan": [step("1", "?"), step("1", "!")]}], "two steps of one number"),
        ([{"step": "result", "result": []}], "result cannot be read"),
    ],
)
def test_damage_is_one_clear_message(steps: list[dict[str, Any]], words: str) -> None:
    output = run_of("en", *steps)
    with pytest.raises(InputError, match=words) as caught:
        tree_of(output) or plan_of(output)
    assert "damaged" in str(caught.value)


def test_both_languages_know_the_same_words() -> None:
    assert set(WORDS["en"]) == set(WORDS["ko"])
    named = {f"action_{action}" for action in get_args(Action)} | {
        f"op_{op}" for op in get_args(Op)
    }
    assert named <= set(WORDS["en"])


@pytest.mark.parametrize(
    ("name", "step_", "lines"),
    [
        (
            "plan",
            {"step": "plan", "plan": [step("1", "A?"), step("2", "B of #1?", "1")]},
            [("plan", "1. A?"), ("", "2. B of #1?")],
        ),
        ("replan", {"step": "plan", "plan": [step("1", "A?")]}, [("new plan", "1. A?")]),
        (
            "record",
            {"step": "result", "result": result("2", "B of x?", "y")},
            [("step 2", "B of x? → y  (support 0.93)")],
        ),
        (
            "record",
            {"step": "result", "result": result("2", "B?", "", support_score=None)},
            [("step 2", "B? → unresolved")],
        ),
        (
            "route",
            {"step": "route", "graph": "cot_rag", "reason": "several hops (0.93)"},
            [("route", "cot_rag: several hops (0.93)")],
        ),
        (
            "backpropagate",
            {"step": "rollouts", "done": 2, "of": 4, "best": {"answer": "{x}", "share": 0.667}},
            [("rollouts", "2 of 4 · best so far: {x} (0.67)")],
        ),
        (
            "backpropagate",
            {"step": "rollouts", "done": 1, "of": 4, "best": None},
            [("rollouts", "1 of 4")],
        ),
        (
            "take",
            {"step": "winner", "node": "n7", "answer": "198", "share": 0.8},
            [("winner", "198  (share 0.80)")],
        ),
        ("winner", {"step": "winner", "node": None, "answer": "", "share": 0.0}, []),
        ("select", {"step": "select", "leaves": ["n1"]}, []),
    ],
)
def test_live_lines(name: str, step_: dict[str, Any], lines: list[tuple[str, str]]) -> None:
    assert list(step_lines(name, {"steps": [step_]}, "en")) == lines
    assert len(list(step_lines(name, {"steps": [step_]}, "ko"))) == len(lines)
    assert list(step_lines(name, {}, "en")) == []
