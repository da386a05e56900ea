"""Folders and files that nobody else can enter."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from churon.tools.private import private_file, private_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_what_is_made_is_private_and_what_is_there_stays(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    private_folder(tmp_path / ".churon" / "evals")
    assert mode(tmp_path) == 0o755
    assert mode(tmp_path / ".churon") == mode(tmp_path / ".churon" / "evals") == 0o700
    (tmp_path / ".churon").chmod(0o750)
    private_folder(tmp_path / ".churon")
    assert mode(tmp_path / ".churon") == 0o750


def test_a_file_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with pytest.raises(OSError, match="a"):
        private_folder(tmp_path / "a")


def test_a_file_is_made_private_and_one_that_is_there_stays(tmp_path: Path) -> None:
    made = tmp_path / "a" / "chat.db"
    private_file(made)
    assert (mode(made.parent), mode(made)) == (0o700, 0o600)
    made.write_text("held")
    made.chmod(0o644)
    private_file(made)
    assert (mode(made), made.read_text()) == (0o644, "held")
    with pytest.raises(OSError, match="directory"):
        private_file(made.parent)
