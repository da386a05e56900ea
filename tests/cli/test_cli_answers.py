"""ingest, search, ask and chat, from files on disk to sources on the terminal."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from churon.graphs.contract import RagOutput

QUESTION = "Who signs the incident report?"
DATABASE = Path(".churon/chat.db")
ANSWER = "The incident report is signed by the harbour master."


@pytest.fixture
def asked(served: Callable[..., Any]) -> Callable[..., Any]:
    """`served` with the documents in the store."""
    assert served("ingest", "docs").status == 0
    return served


def test_an_answer_has_steps_quote_and_source(asked: Callable[..., Any]) -> None:
    outcome = asked("ask", QUESTION)
    assert outcome.status == 0
    assert outcome.err == ""
    shown = outcome.out
    assert f"{ANSWER} [1]" in shown
    assert "[1] docs/rules.md  fully supported" in shown
    assert f"“{ANSWER}”" in shown
    assert shown.index("search") < shown.index("relevance") < shown.index("Sources")
    assert "grounded · model calls: 6" in shown


def test_a_korean_question_is_answered_in_korean_words_and_lines_up(
    asked: Callable[..., Any],
) -> None:
    outcome = asked("ask", "파도호의 승객 정원은 몇 명입니까?")
    assert (outcome.status, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert "파도호의 승객 정원은 198명이다. [1]" in lines
    assert "[1] docs/안내.md  완전히 뒷받침됨" in lines
    step = next(line for line in lines if "관련도" in line)
    assert step.startswith("    관련도  0.")  # three letters, six columns: ten in all


def test_json_is_the_whole_output_and_nothing_else(asked: Callable[..., Any]) -> None:
    output = json.loads(asked("ask", "--json", QUESTION).out)
    assert set(output) == set(RagOutput.__annotations__)
    assert (output["answer"], output["status"]) == (ANSWER, "grounded")
    [key] = output["claims"][0]["evidence_ids"]
    assert output["evidence"][key]["text"] == (Path("docs/rules.md").read_text("utf-8").strip())


def test_a_question_without_an_answer_is_no_failure(asked: Callable[..., Any]) -> None:
    outcome = asked("ask", "zebra xylophone?")
    assert outcome.status == 0
    assert "abstained" in outcome.out


def test_a_filter_keeps_other_documents_out(asked: Callable[..., Any]) -> None:
    rows = json.loads(asked("search", "--json", "-f", "document=docs/안내.md", QUESTION).out)
    assert {row["document"] for row in rows} == {"docs/안내.md"}


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (["detected_language=ko"], {"docs/안내.md"}),
        (["detected_language=en"], {"docs/rules.md"}),
        (["document=docs/rules.md", "document=docs/안내.md"], {"docs/rules.md", "docs/안내.md"}),
        (["document=docs/rules.md", "detected_language=ko"], set()),
        (['document=["docs/rules.md"]', "chunk=0"], {"docs/rules.md"}),
        (["document=2024"], set()),
        (["document=rules.md"], set()),
    ],
)
def test_filters_all_hold_and_a_key_may_have_several_values(
    asked: Callable[..., Any], filters: list[str], found: set[str]
) -> None:
    options = [part for one in filters for part in ("-f", one)]
    outcome = asked("search", "--json", *options, QUESTION)
    assert {row["document"] for row in json.loads(outcome.out)} == found


def test_names_and_questions_do_not_steer_the_terminal(
    served: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "docs" / "\x1b[31mbad.pdf").write_bytes(b"%PDF-1.4 nonsense")
    ingested = served("ingest", "docs")
    assert "docs/\ufffd[31mbad.pdf" in ingested.out
    answered = served("ask", f"{QUESTION}\x1b]0;owned\x07")
    assert "\ufffd]0;owned\ufffd" in answered.out
    assert not {"\x1b", "\x07"} & set(ingested.out + answered.out)


def test_the_progress_bar_takes_any_name(
    served: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs" / "힣 [red].md").write_text("A name that looks like markup.", "utf-8")
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    outcome = served("ingest", "docs")
    assert outcome.status == 0
    assert "힣 [red].md" in outcome.err


def test_search_shows_every_score(asked: Callable[..., Any]) -> None:
    rows = json.loads(asked("search", "--json", QUESTION).out)
    assert rows[0]["document"] == "docs/rules.md"
    assert rows[0]["bm25_score"] > 0
    assert rows[0]["rerank_score"] is None
    shown = asked("search", QUESTION).out
    assert shown.split()[:4] == ["dense", "BM25", "fused", "passage"]
    assert f"{rows[0]['dense_score']:.3f}" in shown
    assert max(map(len, shown.splitlines())) <= 80
    nothing = asked("search", "-f", "document=no.md", QUESTION)
    assert (nothing.status, nothing.err) == (0, "")
    assert nothing.out.startswith("No passages: nothing in the store is what --filter asks for.")
    lone = asked("ask", "-g", "two_stage", "-f", "document=rules.md", QUESTION)
    assert "Fallbacks used: filter:no_passages\n" in lone.out


def test_ingest_says_what_became_of_each_file(served: Callable[..., Any], tmp_path: Path) -> None:
    first = served("ingest", "--json", "docs")
    assert first.status == 0
    report = json.loads(first.out)
    assert (report["new"], report["failed"], len(report["documents"])) == (2, 0, 2)
    assert report["documents"][0] == {
        "path": "docs/rules.md", "outcome": "new", "chunks": 1, "error": ""
    }  # fmt: skip
    (tmp_path / "docs" / "bad.pdf").write_bytes(b"%PDF-1.4 nonsense")
    (tmp_path / "docs" / "empty.md").touch()
    (tmp_path / "docs" / "photo.jpg").write_bytes(b"JPEG")
    second = served("ingest", "docs")
    assert second.status == 1
    assert "failed    docs/bad.pdf" in second.out
    counts = "(0 new, 0 changed, 2 unchanged, 1 failed); 2 skipped, 0 removed"
    assert second.out.endswith(f"documents: 3, passages: 2 {counts}\n")
    assert "documents: 3, passages: 2; 1 skipped\n" in served("documents", "list").out
    (tmp_path / "docs" / "bad.pdf").unlink()
    (tmp_path / "docs" / "rules.md").unlink()
    (tmp_path / "docs" / "empty.md").unlink()
    third = json.loads(served("ingest", "--json", "docs").out)
    assert (third["removed"], third["unchanged"], third["failed"]) == (3, 1, 0)


def test_another_spelling_of_the_store_finds_its_manifest(
    cli: Callable[..., Any], served: Callable[..., Any], server_flags: list[str]
) -> None:
    assert served("ingest", "docs").status == 0
    again = cli(*server_flags, "-s", "store.uri=./m.db", "ingest", "--json", "docs")
    assert json.loads(again.out)["unchanged"] == 2


def test_a_look_at_no_store_makes_none(cli: Callable[..., Any], tmp_path: Path) -> None:
    for command in ("ask", "search"):
        outcome = cli(command, "Who signs?")
        assert (outcome.status, outcome.out) == (1, "")
        told = "There is no store at '.churon/milvus.db'. Make it with `churon ingest PATH`."
        assert outcome.err == f"churon: {told}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_name_keeps_to_its_line(served: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "docs" / "a\nb.md").write_text("The red book lies in the hall.\n", "utf-8")
    (tmp_path / "docs" / "c\nd.pdf").write_bytes(b"%PDF-1.4 nonsense")
    told = served("ingest", "docs").out
    assert "failed    docs/c\ufffdd.pdf\n" in told
    assert "docs/a\ufffdb.md\n" in served("documents", "list").out
    assert "docs/a\ufffdb.md" in served("search", "the red book").out
    assert "docs/a\ufffdb.md" in served("ask", "Where does the red book lie?").out


@pytest.mark.parametrize("terminal", [False, True])
def test_an_answer_is_there_once(
    asked: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    said = asked("chat", "-g", "two_stage", lines=f"{QUESTION}\n").out
    draft, answer = said.split("Answer", 1)
    assert ANSWER in answer and (ANSWER in draft) is terminal
    assert ("\x1b[2K" in draft) is terminal  # what was shown while it was written is taken away


def test_conversations_are_their_owners_and_commands_no_questions(
    asked: Callable[..., Any], tmp_path: Path
) -> None:
    outcome = asked("chat", "--database", "mine.db", lines="/help\n")
    assert (tmp_path / "mine.db").stat().st_mode & 0o777 == 0o600
    assert outcome.out.endswith(
        "/exit leaves; there is no other command. /exit로 끝냅니다. 다른 명령은 없습니다.\n"
    )
    assert "0 earlier questions" in asked("chat", "--database", "mine.db").out


def test_a_conversation_goes_on_in_the_next_process(asked: Callable[..., Any]) -> None:
    first = asked("chat", "--thread", "a", lines=f"{QUESTION}\n\n/exit\nnot read\n")
    assert first.status == 0
    assert "0 earlier questions" in first.out
    assert ANSWER in first.out
    assert "not read" not in first.out
    second = asked("chat", "--thread", "a", lines="And who signs the blue book?\n")
    assert "1 earlier question;" in second.out
    assert "Guests sign the blue book. [1]" in second.out
    assert "2 earlier questions" in asked("chat", "--thread", "a").out
    assert "0 earlier questions" in asked("chat", "--thread", "b").out


def test_a_database_that_fails_costs_no_answer_and_takes_it_with_the_next(
    asked: Callable[..., Any],
) -> None:
    assert asked("chat").status == 0  # makes the tables
    sql(
        "create trigger full before insert on checkpoints "
        "when instr(new.checkpoint, cast('blue book' as blob)) = 0 "
        "begin select raise(abort, 'no room'); end"
    )
    said = asked("chat", lines=f"{QUESTION}\nWho signs the blue book?\n")
    assert said.status == 0 and f"{ANSWER} [1]" in said.out
    assert said.out.count("not kept yet: '.churon/chat.db' fails: no room.") == 1
    assert "2 earlier questions" in asked("chat").out


def test_a_damaged_conversation_is_one_line(asked: Callable[..., Any]) -> None:
    assert asked("chat", "-g", "two_stage", lines=f"{QUESTION}\n").status == 0
    kept = DATABASE.read_bytes()
    for change in ("checkpoint = x'00ff17'", "checkpoint = null", "type = 'x'", "metadata = '{'"):
        DATABASE.write_bytes(kept)
        sql(f"update checkpoints set {change}")
        refused = asked("chat", lines=f"{QUESTION}\n")
        assert refused.status == 2 and refused.err.count("\n") == 1
        assert "The conversation in '.churon/chat.db' cannot be read: " in refused.err
        assert "--database" in refused.err


def sql(statement: str) -> None:
    with closing(sqlite3.connect(DATABASE)) as held, held:
        held.execute(statement)


def test_a_question_that_fails_does_not_end_the_conversation(
    served: Callable[..., Any],
) -> None:
    outcome = served("chat", lines=f"{QUESTION}\n{QUESTION}\n")
    assert outcome.status == 0
    assert outcome.out.count("There is no collection") == 2
