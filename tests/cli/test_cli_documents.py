"""documents list and forget: what the store holds can be seen and taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def ingested(served: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    (tmp_path / "docs" / "bad.pdf").write_bytes(b"%PDF-1.4 nonsense")
    assert served("ingest", "docs").status == 1
    return served


def test_an_empty_store_says_so(served: Callable[..., Any]) -> None:
    outcome = served("documents", "list")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith("No documents. Read some with: churon ingest")
    assert json.loads(served("documents", "list", "--json").out) == []


def test_documents_are_listed(ingested: Callable[..., Any]) -> None:
    lines = ingested("documents", "list").out.splitlines()
    assert lines[0] == "    failed  docs/bad.pdf"
    assert lines[2:] == [
        "         1  docs/rules.md", "         1  docs/안내.md", "documents: 3, passages: 2"
    ]  # fmt: skip
    rows = json.loads(ingested("documents", "list", "--json").out)
    assert rows[1] == {
        "path": "docs/rules.md", "passages": 1, "outcome": "indexed", "error": ""
    }  # fmt: skip
    assert rows[0]["error"]


@pytest.mark.parametrize("command", [["ask"], ["ask", "--json"], ["search"], ["chat"]])
def test_a_tenant_without_documents_is_told_so(
    ingested: Callable[..., Any], command: list[str]
) -> None:
    asked = [] if command == ["chat"] else ["Who signs?"]
    outcome = ingested(*command, *asked, "--tenant", "kim lee")
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err == (
        "churon: The tenant 'kim lee' has no documents. "
        "Read some with `churon ingest PATH --tenant 'kim lee'`.\n"
    )
    assert "ingest PATH --tenant kim.\n" in ingested("documents", "list", "--tenant", "kim").out


def test_a_tenant_asks_its_own_documents(served: Callable[..., Any]) -> None:
    assert served("ingest", "docs", "--tenant", "kim").status == 0
    assert "docs/rules.md" in served("search", "the blue book", "--tenant", "kim").out
    assert served("-s", "context.tenant=kim", "ask", "-g", "two_stage", "Who signs?").status == 0


def test_a_store_with_tenancy_names_the_option(served: Callable[..., Any]) -> None:
    assert served("-s", "store.tenancy=true", "ingest", "docs", "--tenant", "kim").status == 0
    outcome = served("-s", "store.tenancy=true", "search", "Who signs?")
    assert outcome.status == 1 and "--tenant NAME" in outcome.err


def test_a_forgotten_document_is_found_no_more(ingested: Callable[..., Any]) -> None:
    outcome = ingested("documents", "forget", "docs/rules.md")
    assert (outcome.status, outcome.out) == (0, "documents removed: 1\n")
    found = json.loads(ingested("search", "--json", "the blue book").out)
    assert {row["document"] for row in found} == {"docs/안내.md"}
    assert ingested("documents", "forget", "--all").out == "documents removed: 2\n"
    assert ingested("documents", "list").out.startswith("No documents.")
    outcome = ingested("search", "the blue book")
    assert (outcome.status, outcome.out) == (1, "")
    assert "holds no passages. Read some with `churon ingest PATH`." in outcome.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing.md"], "Nothing was ingested from 'nothing.md'."),
        ([], "`churon documents forget` got neither paths nor --all."),
        (["docs", "--all"], "`churon documents forget` got both paths and --all."),
    ],
)
def test_what_is_refused(ingested: Callable[..., Any], arguments: list[str], says: str) -> None:
    outcome = ingested("documents", "forget", *arguments)
    assert outcome.status == 2
    assert says in outcome.err
    assert "documents: 3, passages: 2" in ingested("documents", "list").out


def test_a_damaged_manifest_is_moved_away_and_nothing_stays_behind(
    ingested: Callable[..., Any], tmp_path: Path
) -> None:
    [manifest] = tmp_path.glob("manifest-*.sqlite")
    for beside in tmp_path.glob(f"{manifest.name}-*"):
        beside.unlink()
    manifest.write_bytes(b"damaged" * 600)
    outcome = ingested("ingest", "docs")
    assert (outcome.status, outcome.out) == (1, "")
    assert "It is damaged: move it away and ingest again.\n" in outcome.err
    manifest.rename(tmp_path / "away")
    (tmp_path / "docs" / "rules.md").unlink()
    assert "1 removed" in ingested("ingest", "docs").out
    found = json.loads(ingested("search", "--json", "the blue book").out)
    assert {row["document"] for row in found} == {"docs/안내.md"}
    assert ingested("documents", "forget", "--all").out == "documents removed: 2\n"


def test_a_working_folder_that_was_deleted_is_told(
    served: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    outcome = served("ingest", "docs")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("churon: The working folder was deleted. Change to")
    outcome = served("-s", "store.uri=own.db", "search", "Who signs?")
    assert "The store 'own.db' cannot be found from here" in outcome.err


def test_the_doctor_refuses_a_store_that_ingest_refuses(served: Callable[..., Any]) -> None:
    outcome = served("-s", "store.uri=foo", "doctor", "--json")
    [store] = [one for one in json.loads(outcome.out)["findings"] if one["check"] == "store"]
    assert (store["level"], "ends in .db" in store["message"]) == ("error", True)
    assert store["message"] in served("-s", "store.uri=foo", "ingest", "docs").err
