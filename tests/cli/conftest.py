"""The command line as a user runs it: real loading code, a server on loopback, Milvus Lite."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.hashing import HashingEmbeddings
from support.ollama_server import OllamaServer
from support.reader import read
from support.scripted import ScriptedChat

from churon.__main__ import main

RULES = (
    "# Rules\n\nThe incident report is signed by the harbour master. Guests sign the blue book.\n"
)
KOREAN = "# 여객선 안내\n\n파도호의 승객 정원은 198명이다. 배는 매일 아침 일곱 시에 떠난다.\n"


@dataclass(frozen=True)
class Outcome:
    """What one command left behind."""

    status: int
    out: str
    err: str


Cli = Callable[..., Outcome]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Runs one command in an empty folder, with these lines as standard input."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str, lines: str = "") -> Outcome:
        monkeypatch.setattr(sys, "argv", ["churon", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Outcome(int(left.value.code or 0), out, err)

    return run


@pytest.fixture(scope="session")
def server() -> Iterator[OllamaServer]:
    """A model server whose model reads and quotes."""
    with OllamaServer(ScriptedChat(script=read, calls=[]), HashingEmbeddings(512)) as running:
        yield running


@pytest.fixture
def server_flags(server: OllamaServer) -> list[str]:
    """Options for that server's chat and embedding model."""
    options = ["--preset", "ollama"]
    for part in ("chat", "embedding"):
        options += ["-s", f"{part}.base_url={server.url}", "-s", f"{part}.model=double"]
    return options


@pytest.fixture
def served(cli: Cli, server_flags: list[str], tmp_path: Path) -> Cli:
    """`cli` with that server and a store of its own; `docs/` holds two documents."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "rules.md").write_text(RULES, "utf-8")
    (docs / "안내.md").write_text(KOREAN, "utf-8")
    options = [*server_flags, "-s", f"store.uri={tmp_path / 'm.db'}"]

    def run(*arguments: str, lines: str = "") -> Outcome:
        return cli(*options, *arguments, lines=lines)

    return run
