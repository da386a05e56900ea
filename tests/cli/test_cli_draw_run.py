"""`churon draw --run` and `churon ask --show-tree`."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.reasoned import plan_run, run_of, tree_run

QUESTION = "Who signs the incident report?"


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    """What `churon ask --json` printed of an mcts_rag run."""
    path = tmp_path / "run.json"
    path.write_text(json.dumps(tree_run("en"), ensure_ascii=False), "utf-8")
    return path


def test_a_run_is_drawn_in_each_format(cli: Callable[..., Any], run_file: Path) -> None:
    mermaid = cli("draw", "--run", "run.json").out
    assert "flowchart LR" in mermaid
    for suffix in ("mmd", "svg", "png"):
        outcome = cli("draw", "--run", "run.json", "-o", f"a.{suffix}")
        assert (outcome.status, outcome.out) == (0, f"a.{suffix}\n")
    assert run_file.with_name("a.mmd").read_text("utf-8") == mermaid
    assert ElementTree.parse(run_file.with_name("a.svg")).getroot().tag.endswith("svg")
    with Image.open(run_file.with_name("a.png")) as image:
        image.load()
        assert min(image.size) > 300


def test_standard_input_and_other_encodings(cli: Callable[..., Any], tmp_path: Path) -> None:
    text = json.dumps(plan_run("ko"), ensure_ascii=False)
    piped = cli("draw", "--run", "-", lines=text).out
    assert "여객선의 승객 정원 A?" in piped
    for encoding in ("utf-8-sig", "utf-16"):  # as Windows shells redirect
        (tmp_path / "w.json").write_bytes(text.encode(encoding))
        assert cli("draw", "--run", "w.json").out == piped


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "'r.json' is not a run: No such file"),
        (b"", "is not a run: it is not one JSON object"),
        (b"plain words", "it is not one JSON object"),
        (b"{}\n{}", "it is not one JSON object (Extra data"),
        (b"[]", "the whole: input should be a valid dictionary"),
        (b"{}", "answer: field required"),
        (b'{"answer": NaN}', "NaN is not JSON"),
        (b"\xff\xfe\xff", "it is not UTF-8 text"),
        (b"[" * 100_000, "it is nested too deeply"),
        (json.dumps(run_of("en", {"step": "search"})).encode(), "its steps are: search"),
        (json.dumps(run_of("en", {"step": "tree"})).encode(), "tree cannot be read"),
    ],
)
def test_no_run_is_one_clear_message(
    cli: Callable[..., Any], tmp_path: Path, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / "r.json").write_bytes(content)
    outcome = cli("draw", "--run", "r.json", "-o", "a.svg")
    assert (outcome.status, outcome.out) == (2, "")
    assert words in outcome.err
    assert outcome.err.startswith("churon: ")
    assert outcome.err.count("\n") == 1
    assert not (tmp_path / "a.svg").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [("a.gif", "none of .png, .svg and .mmd"), ("no/a.svg", "cannot be written")],
)
def test_a_place_that_does_not_do(
    cli: Callable[..., Any], run_file: Path, name: str, words: str
) -> None:
    outcome = cli("draw", "--run", run_file.name, "-o", name)
    assert outcome.status == 2
    assert words in outcome.err


def test_standard_input_is_named_in_its_refusal(cli: Callable[..., Any]) -> None:
    outcome = cli("draw", "--run", "-", lines="no")
    assert "standard input is not a run" in outcome.err
    assert "churon ask --json" in outcome.err


def test_show_tree_notes_that_there_is_none(served: Callable[..., Any]) -> None:
    assert served("ingest", "docs").status == 0
    shown = served("ask", "-g", "two_stage", "--show-tree", QUESTION).out
    assert shown.endswith("\nThis graph has no search tree or plan to show.\n")
    plain = json.loads(served("ask", "-g", "two_stage", "--json", QUESTION).out)
    flagged = json.loads(served("ask", "-g", "two_stage", "--json", "--show-tree", QUESTION).out)
    assert set(flagged) == set(plain)
    assert flagged["answer"] == plain["answer"]
