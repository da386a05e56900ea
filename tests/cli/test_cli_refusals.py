"""What goes wrong says so in one line on stderr, with a status, and without a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

DEAD = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--preset", "huge", "config"], 2, "no preset 'huge'"),
        (["-c", "no.toml", "config"], 2, "no settings file 'no.toml'"),
        (["-s", "chat.colour=red", "config"], 2, "chat.colour"),
        (["-s", "colour=red", "config"], 2, "colour"),
        (["-s", "context.k2=99", "config"], 2, "context.k2='99' is refused"),
        (["-s", "context.k2=many", "config"], 2, "context.k2='many' is refused"),
        (["-s", "context=5", "config"], 2, "The setting context is refused"),
        (["-s", "context=5", "-s", "context.k2=3", "config"], 2, "'context' has a value already"),
        (["-s", "nonsense", "config"], 2, "'nonsense' is not KEY=VALUE"),
        (["-s", "=5", "config"], 2, "'=5' is not KEY=VALUE"),
        (["-s", "context..k2=5", "config"], 2, "is not KEY=VALUE"),
        (["-s", "chat.slots=[4", "config"], 2, "chat.slots='[4' is refused"),
        (["nonsense"], 2, "No such command 'nonsense'"),
        (["ask"], 2, "Missing argument"),
        (["ask", ""], 2, "is empty"),
        (["ask", "--graph", "no", "q"], 2, "no graph 'no'"),
        (["ask", "--graph", "chat", "q"], 2, "no graph 'chat' to ask. Use one of self_rag, cot"),
        (["ask", "--graph", "chat", "--json", "q"], 2, "no graph 'chat' to ask"),
        (["chat", "--graph", "chat"], 2, "no graph 'chat' to ask"),
        (["ask", "--language", "fr", "q"], 2, "'fr' is unknown"),
        (["ask", "--filter", "no", "q"], 2, "'no' is not KEY=VALUE. Write for example document="),
        (["search", "-f", "no", "q"], 2, "'no' is not KEY=VALUE. Write for example document="),
        (["ask", "-f", "a b=1", "q"], 2, "'a b' is no identifier"),
        (["search", "-f", "a b=1", "q"], 2, "'a b' is no identifier"),
        (["search", "-f", "document=[]", "q"], 2, "empty list"),
        (["search", "-f", "document=[1]", "q"], 2, "holds text and cannot equal 1"),
        (["ask", "-f", "document=", "q"], 2, "'document=' has no value. Write for example"),
        (["search", "-f", "page=abc", "q"], 2, "No passage has page='abc'. Write page as a number"),
        (["search", "-f", "detected_language=english", "q"], 2, "detected_language as en or ko."),
        (["search", ""], 2, "is empty"),
        (["ask", "why \udcb0?"], 2, "not UTF-8"),
        (["search", "why \udcb0?"], 2, "not UTF-8"),
        (["ingest", "nowhere"], 2, "no file or folder 'nowhere'"),
        (["chat", "--database", "docs"], 2, "'docs' cannot be opened"),
        (["chat", "--database", "~nobody-here/c.db"], 2, "home folder of --database='~nobody-here"),
        (["draw", "no"], 2, "no graph 'no'"),
        (["draw", "auto", "--run", "r.json"], 2, "two drawings"),
        (["draw", "-o", "a.gif"], 2, "neither .png nor .mmd"),
        (["draw", "-o", "no/a.png"], 2, "cannot be written"),
        (["ask", "--json", "Who?"], 1, "churon ingest PATH"),
        (["search", "Who?"], 1, "churon ingest PATH"),
        (["-s", "store.uri=store", "search", "Who?"], 1, "store.uri"),
        (["-s", "embedding.model=gone", "ingest", "docs"], 1, "ollama pull gone"),
        (["-s", "store.uri=~nobody-here/m.db", "ingest", "docs"], 2, "home folder of store.uri="),
        (
            ["-s", 'store.uri="a\\u0000.db"', "search", "Who?"],
            2,
            r"store.uri='a\x00.db' is no path",
        ),
        (["-s", "models.folder=~nobody-here/m", "models", "list"], 2, "home folder of models.f"),
        (["ingest", "~nobody-here/x"], 2, "no file or folder '~nobody-here/x'"),
        (["models", "pull", "gone"], 1, "no model 'gone'"),
        (["-s", "models.offline=true", "models", "pull", "--quick"], 1, "downloads are off"),
    ],
)
def test_refusals(
    served: Callable[..., Any], tmp_path: Path, arguments: list[str], status: int, words: str
) -> None:
    outcome = served("-s", f"models.folder={tmp_path / 'models'}", *arguments)
    assert outcome.status == status
    assert words in outcome.err
    assert outcome.out == ""
    if not outcome.err.startswith("Usage"):  # the parser's own messages have a line for help
        assert outcome.err.startswith("churon: ")
        assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("part", ["chat", "embedding"])
def test_a_dead_server(served: Callable[..., Any], part: str) -> None:
    assert served("ingest", "docs").status == 0
    outcome = served("-s", f"{part}.base_url={DEAD}", "ask", "-g", "two_stage", "--json", "Who?")
    assert (outcome.status, outcome.out) == (1, "")
    assert f"The Ollama server at {DEAD} does not answer" in outcome.err
    assert "ollama serve" in outcome.err


def test_a_missing_model_file_names_its_command(cli: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / ".churon" / "milvus.db").mkdir(parents=True)
    outcome = cli("-s", f"models.folder={tmp_path}", "ask", "Who?")
    assert outcome.status == 1
    assert "churon models pull " in outcome.err


@pytest.mark.parametrize("command", ["list", "pull"])
def test_no_home_folder(
    cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.delenv("HOME")  # and a user of no name, as in containers
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)
    outcome = cli("models", command)
    assert outcome.status == 2
    assert "home folder of models.folder='~/.cache/churon/models' is not known" in outcome.err


@pytest.mark.parametrize(
    ("command", "status"), [("config <&- >&-", 0), ("-s no=setting config 2>&-", 2)]
)
def test_streams_that_the_shell_closed(tmp_path: Path, command: str, status: int) -> None:
    shell = ["sh", "-c", f'"$0" -m churon {command}', sys.executable]
    done = subprocess.run(shell, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (status, "")


def test_ctrl_c_is_130(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "churon", "chat", "--database", str(tmp_path / "chat.db")],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # whoever runs the tests in the background has Ctrl-C ignored, and its children with it
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    with process:
        assert process.stdout is not None
        assert "0 earlier questions" in process.stdout.readline()
        time.sleep(0.2)  # from the line to the read of the prompt
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
