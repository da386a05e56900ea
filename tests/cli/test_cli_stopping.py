"""Ctrl-C is answered at once, keeps what was done, and leaves no traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.hashing import HashingEmbeddings
from support.ollama_server import OllamaServer
from support.reader import read
from support.scripted import ScriptedChat

FACTS = 150


class Slow(HashingEmbeddings):
    """Counts the facts that it was asked for, and takes its time for each."""

    def __init__(self) -> None:
        super().__init__(64)
        self.facts: list[str] = []
        self.asked = threading.Event()
        self.seconds = 0.01

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        facts = [text for text in texts if "Fact" in text]
        self.facts += facts
        if facts:
            self.asked.set()
        time.sleep(self.seconds * len(facts))
        return super().embed_documents(texts)


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def server(slow: Slow) -> Iterator[OllamaServer]:
    with OllamaServer(ScriptedChat(script=read, calls=[]), slow) as running:
        yield running


@pytest.fixture
def options(server_flags: list[str], tmp_path: Path) -> list[str]:
    (tmp_path / "docs").mkdir()
    for number in range(FACTS):
        (tmp_path / "docs" / f"{number}.md").write_text(f"Fact {number} is true.\n")
    store = f"store.uri={tmp_path / 'm.db'}"
    return [*server_flags, "-s", store, "-s", "embedding.dimensions=64"]


def started(folder: Path, *arguments: str, **more: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "churon", *arguments],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # whoever runs the tests in the background has Ctrl-C ignored, and its children with it
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL), **more,
    )  # fmt: skip


def test_an_ingest_that_is_stopped_is_gone_on_with(
    cli: Callable[..., Any], slow: Slow, options: list[str], tmp_path: Path
) -> None:
    with started(tmp_path, *options, "ingest", "docs") as process:
        assert slow.asked.wait(60)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "\nstopping…\nchuron: stopped.\n")
    assert len(slow.facts) < FACTS / 2
    rows = json.loads(cli(*options, "documents", "list", "--json").out)
    unfinished = [row for row in rows if row["outcome"] == "unfinished"]
    assert len(unfinished) == len(rows) == FACTS
    assert all("broken off; run `churon ingest` again" in row["error"] for row in rows)
    found = json.loads(cli(*options, "-s", "context.k1=200", "search", "--json", "Fact").out)
    assert sum(row["passages"] for row in rows) == len(found) > 0
    assert "unfinished  docs/0.md\n" in cli(*options, "documents", "list").out
    slow.seconds = 0
    assert f"({FACTS} new, 0 changed" in cli(*options, "ingest", "docs").out
    assert len(slow.facts) < FACTS + 16  # none anew, but for the few that the store compares
    assert f"documents: {FACTS}, passages: {FACTS}\n" in cli(*options, "documents", "list").out


def test_an_answer_that_is_stopped_says_so(
    cli: Callable[..., Any], slow: Slow, options: list[str], tmp_path: Path
) -> None:
    held, inner = threading.Event(), slow.embed_query
    slow.seconds = 0
    assert cli(*options, "ingest", "docs").status == 0

    def waiting(text: str) -> list[float]:
        if "true" in text:
            slow.asked.set()
            held.wait(30)
        return inner(text)

    slow.embed_query = waiting  # type: ignore[method-assign]
    slow.asked.clear()
    with started(tmp_path, *options, "ask", "-g", "two_stage", "Is it true?") as process:
        assert process.stderr is not None and slow.asked.wait(60)
        process.send_signal(signal.SIGINT)
        told = [process.stderr.readline(), process.stderr.readline()]
        assert told == ["\n", "stopping…\n"]  # while the server has not answered
        held.set()
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "churon: stopped.\n")


def test_ctrl_c_while_the_commands_are_loaded(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    paths = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    with started(tmp_path, "--version", env={**os.environ, "PYTHONPATH": paths}) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "churon: stopped.\n")
