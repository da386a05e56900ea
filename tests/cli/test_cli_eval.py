"""`churon eval` as a user runs it: a model server on loopback, Milvus Lite, real files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.eval_world import beir
from support.ollama_server import OllamaServer

Cli = Callable[..., Any]
ROWS = ".churon/evals/ferries.jsonl"


def rows(path: str = ROWS) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()]


def test_a_set_is_asked_and_shown(served: Cli, tmp_path: Path) -> None:
    beir(tmp_path / "ferries")
    asked = ("eval", "run", "ferries", "-v", "two_stage", "-v", "alone=closed_book")
    first = served(*asked, "-n", "2")
    assert first.status == 0, first.err
    assert "ferries: 2 of 4 questions, 4 documents" in first.err
    assert "[4/4]" in first.err and "passages: 4 of 4" in first.err
    assert f"churon eval show {ROWS}" in first.out and len(rows()) == 4
    second = served(*asked, "--at-once", "2")
    assert second.status == 0 and len(rows()) == 8
    assert {row["case"]["language"] for row in rows()} == {"en", "ko"}
    found = [row for row in rows() if row["variant"] == "two_stage"]
    assert all(set(row["case"]["relevant"]) <= set(row["ranked"]) for row in found)
    nothing = served(*asked)
    assert "8 rows; 0 to ask" in nothing.err and nothing.status == 0
    shown = served("eval", "show", ROWS)
    assert shown.status == 0 and "8 rows, 0 errors" in shown.out
    assert "two_stage" in shown.out and "alone" in shown.out
    names, first, second = shown.out.partition("means")[2].splitlines()[1:4]
    assert names.split() == ["variant", "answer", "settled", "evidence", "recall"]
    assert first.split()[0] == "two_stage" and first.split()[2:] == ["1.00", "1.00"]
    assert second.split()[0] == "alone" and second.split()[-1] == "0.00"


def test_rows_hold_the_digest_of_a_model_on_ollama_and_tell_when_it_is_another(
    served: Cli, server: OllamaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beir(tmp_path / "ferries")
    asked = ("eval", "run", "ferries", "-v", "two_stage")
    before = server.digest
    assert served(*asked, "-n", "1").status == 0
    monkeypatch.setattr(server, "digest", "f" * 64)  # a tag that was pulled anew
    assert served(*asked, "-n", "2").status == 0
    told = [row["provenance"]["versions"]["ollama double"] for row in rows()]
    assert told == [before[:12], "f" * 12]
    served("eval", "report", ROWS, "-o", "report.html")
    assert "versions.ollama double" in (tmp_path / "report.html").read_text("utf-8")


def test_a_dead_model_server_is_said_at_once(served: Cli, tmp_path: Path) -> None:
    beir(tmp_path / "ferries")
    dead = ("-s", "chat.base_url=http://127.0.0.1:9", "-s", "chat.model=other")
    done = served(*dead, "eval", "run", "ferries", "-v", "two_stage")
    assert done.status == 1 and "http://127.0.0.1:9 does not answer" in done.err


def test_a_terminal_gets_a_bar_with_the_time_left(
    served: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beir(tmp_path / "ferries")
    monkeypatch.setenv("FORCE_COLOR", "1")
    done = served("eval", "run", "ferries", "-v", "two_stage")
    assert done.status == 0 and "passages" in done.err
    assert "4/4" in done.err and "0 s left" in done.err


def test_the_users_own_questions_over_the_ingested_store(served: Cli, tmp_path: Path) -> None:
    assert served("ingest", "docs").status == 0
    lines = "질문,답,문서\n파도호의 승객 정원은?,198명,docs/안내.md\n"
    (tmp_path / "mine.csv").write_bytes(lines.encode("cp949"))
    done = served("eval", "run", "mine.csv", "-v", "self_rag", "-o", "out.jsonl")
    assert done.status == 0, done.err
    (row,) = rows("out.jsonl")
    assert "198명" in row["answer"] and row["case"]["relevant"] == {"docs/안내.md": 1}
    assert row["read"][0]["document"] == "docs/안내.md"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing", "-v", "self_rag"), "There is no file or folder 'nothing'"),
        (("bad.jsonl", "-v", "self_rag"), "'bad.jsonl', line 2: this is not JSON"),
        (("bad.jsonl",), "--variant self_rag"),
        (("bad.jsonl", "-v", "nope"), "There is no graph 'nope'"),
        (("bad.jsonl", "-v", "self_rag", "--format", "xml"), "no format 'xml'"),
        (("bad.jsonl", "-v", "self_rag,k2=0"), "context.k2"),
    ],
)
def test_refusals(cli: Cli, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    (tmp_path / "bad.jsonl").write_text('{"question": "Q?", "answer": "x"}\n{oops\n')
    refused = cli("eval", "run", *arguments)
    assert refused.status == 2 and said in refused.err and refused.out == ""


def test_show_refuses_what_holds_no_rows(cli: Cli, tmp_path: Path) -> None:
    assert "churon eval run" in cli("eval", "show", "none.jsonl").err
    (tmp_path / "notes.txt").write_text("a\nb\n")
    refused = cli("eval", "show", "notes.txt")
    assert refused.status == 2 and "no row of an evaluation" in refused.err


def test_show_lists_errors_and_torn_lines(cli: Cli, tmp_path: Path) -> None:
    case = {"id": "q1", "question": "Q?"}
    usage = {"calls": 3, "tokens": 40, "searches": 1, "seconds": 1.0, "cache_hits": 0}
    good = {"case": case, "variant": "a", "status": "budget_exhausted", "usage": usage}
    bad = {"case": case, "variant": "b", "error": "StoreError: gone \x1b[31m"}
    lines = [json.dumps({**good, "seconds": 2.0}), json.dumps(bad), '{"case": {"id": "q']
    (tmp_path / "r.jsonl").write_text("\n".join(lines))
    shown = cli("eval", "show", "r.jsonl")
    assert "2 rows, 1 errors, 1 unreadable lines" in shown.out
    assert "budget exhausted" in shown.out and "q1 b: StoreError: gone" in shown.out
    assert "\x1b[31m" not in shown.out and "means" not in shown.out  # no row is whole


def test_make_names_the_file_that_a_full_disk_does_not_take(
    served: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Path.open

    def full(path: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        if path.name.startswith("q.csv") and "a" in mode:
            path = Path("/dev/full")
        return opened(path, mode, *rest, **more)

    monkeypatch.setattr(Path, "open", full)
    done = served("eval", "make", "docs", "-n", "1", "--kinds", "single", "-o", "q.csv")
    assert (done.status, done.out) == (1, "")
    assert done.err.endswith("churon: 'q.csv': No space left on device.\n")


def test_make_reads_documents_apart_from_the_users_store(served: Cli, tmp_path: Path) -> None:
    done = served("eval", "make", "docs", "-n", "2", "--kinds", "single", "-o", "q.csv")
    assert done.status == 1, done.err  # the model that reads cannot propose
    assert "q.csv: 0 single" in done.out and "not made: 2 single" in done.out
    assert "rejected" in done.err and (tmp_path / "q.csv.log.jsonl").is_file()
    assert "no passages to ask about" in served("eval", "make").err
    # what is printed next asks about these documents, not about the user's
    command = next(line for line in done.out.splitlines() if line.startswith("churon "))
    assert command.endswith(" eval run q.csv --variant self_rag --variant two_stage")
    (tmp_path / "q.csv").write_text("question,answer\nWho signs the report?,master\n", "utf-8")
    followed = served(*command.split()[1:])
    assert followed.status == 0 and "the harbour master" in followed.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--kinds", "many"), "no kind 'many'"),
        (("--language", "fr"), "'fr' is unknown"),
        (("nowhere",), "There is no file or folder 'nowhere'"),
    ],
)
def test_make_refusals(served: Cli, arguments: tuple[str, ...], said: str) -> None:
    refused = served("eval", "make", *arguments)
    assert refused.status == 2 and said in refused.err
