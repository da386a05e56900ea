"""Where output cannot go: a terminal without Korean, a full disk, a reader who left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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
    assert (done.returncode, done.stderr) == (1, "churon: No space left on device.\n")


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
