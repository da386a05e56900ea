"""`churon eval judge` as a user runs it: a model server on loopback, real files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.judge_world import leaning
from support.ollama_server import OllamaServer
from support.rows import case, row
from support.scripted import Reply, ScriptedChat

Cli = Callable[..., Any]
ANSWERS = {"q1": "The Lumen leaves at half past seven.", "q2": "파도호는 여덟 시에 떠난다."}


@pytest.fixture(scope="module")
def judge() -> Iterator[OllamaServer]:
    """A server whose model judges."""

    def said(messages: list[Any], kwargs: dict[str, Any]) -> Reply:
        return leaning(str(messages[-1].content))

    with OllamaServer(ScriptedChat(script=said, calls=[])) as running:
        yield running


@pytest.fixture
def judged(cli: Cli, judge: OllamaServer, tmp_path: Path) -> Cli:
    """`cli` with that server, and rows in rows.jsonl."""
    asked = {"q1": case("q1", answers=["07:30"]), "q2": case("q2", language="ko", answers=["8시"])}
    rows = [
        row(asked[id_], variant=variant, answer=answer, short=answer)
        for id_, answer in ANSWERS.items()
        for variant in ("one", "two")
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows), "utf-8")
    options = ["--preset", "ollama", "-s", f"chat.base_url={judge.url}", "-s", "chat.model=double"]

    def run(*arguments: str) -> Any:
        return cli(*options, "eval", *arguments)

    return run


def test_rows_are_judged_and_reported(judged: Cli, tmp_path: Path) -> None:
    done = judged("judge", "rows.jsonl", "--at-once", "2")
    assert done.status == 0, done.err
    assert "rows.jsonl: 4 rows; 4 answers to judge by ollama:double" in done.err
    assert "[4/4]" in done.err and "P(correct) 0.80" in done.err
    assert "judged correct: 2 of 4 answers" in done.out
    assert "exact match agrees on: 2 of 4 (50%); correct without it 2, wrong with it 0" in done.out
    assert "  ko: 2 of 2 (100%)" in done.out and "churon eval report rows.jsonl" in done.out
    again = judged("judge", "rows.jsonl")
    assert "0 answers to judge" in again.err and "4 rows are judged already" in again.err
    told = judged("report", "rows.jsonl", "--markdown", "-")
    assert "Judged by ollama:double" in told.out and "| Judged correct | 0.50" in told.out


def test_a_terminal_gets_a_bar(judged: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    done = judged("judge", "rows.jsonl")
    assert done.status == 0 and "4/4" in done.err and "0 s left" in done.err


def test_the_help_says_whom_a_model_favours(cli: Cli) -> None:
    assert "favour their own answers" in " ".join(cli("eval", "judge", "--help").out.split())


def test_a_server_that_is_not_there_is_one_message(judged: Cli, cli: Cli) -> None:
    gone = cli("--preset", "ollama", "-s", "chat.base_url=http://127.0.0.1:9", "eval", "judge",
               "rows.jsonl")  # fmt: skip
    assert gone.status == 1 and "churon: " in gone.err
    assert "judge" not in json.loads(Path("rows.jsonl").read_text("utf-8").splitlines()[0])


def test_refusals(judged: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    for name, said in (("none.jsonl", "is not there"), ("empty.jsonl", "holds no row")):
        refused = judged("judge", name)
        assert refused.status == 2 and f"'{name}' {said}" in refused.err and not refused.out
