"""Where output cannot go: a terminal without Korean, a full disk, a reader who left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

FULL = Path("/dev/full")
COMMAND = [sys.executable, "-m", "churon"]


def test_a_terminal_without_korean_gets_question_marks(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "-s", "store.uri=자료.db", "config"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert 'uri = "??.db"' in done.stdout
    refused = subprocess.run(
        [*COMMAND, "ask", "정원은?", "-g", "그래프"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert refused.returncode == 2 and refused.stderr.startswith("churon: There is no graph '???'")


def test_json_stays_whole_without_korean(tmp_path: Path) -> None:
    (tmp_path / "안내.md").write_text("파도호", "utf-8")
    done = subprocess.run(
        [*COMMAND, "-s", "models.folder=모델", "doctor", "--json"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "모델" in str(json.loads(done.stdout)) and "?" not in done.stdout


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [["config"], ["models", "list"], ["--help"]])
def test_a_full_disk_is_one_line(tmp_path: Path, arguments: list[str]) -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE,
            cwd=tmp_path, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        1,
        "churon: 'standard output': No space left on device.\n",
    )


@pytest.mark.parametrize("arguments", [["config"], ["models", "list"]])
def test_a_reader_who_left_is_told_nothing(tmp_path: Path, arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        done = subprocess.run(
            [*COMMAND, *arguments], stdout=pipe, stderr=subprocess.PIPE,
            cwd=tmp_path, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("name", ["a.mmd", "a.png"])
def test_a_disk_that_fills_up_leaves_the_earlier_file(
    cli: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    resource = pytest.importorskip("resource")
    (tmp_path / name).write_text("earlier")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
    try:
        full = cli("draw", "-o", name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert full.status == 2 and f"'{name}' cannot be written: File too large." in full.err
    assert (tmp_path / name).read_text() == "earlier" and len(list(tmp_path.iterdir())) == 1


def test_links_and_modes_stay(cli: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "real").touch(mode=0o600)
    (tmp_path / "a.mmd").symlink_to("real")
    assert cli("draw", "-o", "a.mmd").status == 0
    assert (tmp_path / "a.mmd").readlink() == Path("real")
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o600
    assert "graph TD;" in (tmp_path / "real").read_text("utf-8")


def test_a_named_pipe_is_written_to(cli: Callable[..., Any], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mmd")
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit((tmp_path / "a.mmd").read_text, "utf-8")
        assert cli("draw", "-o", "a.mmd").status == 0
        assert "graph TD;" in read.result(10) and (tmp_path / "a.mmd").is_fifo()
