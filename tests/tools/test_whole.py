"""Files written whole: nothing else is touched, and what cannot be replaced is written to."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from churon.tools.whole import write_whole

WRITES = (
    "import sys; from pathlib import Path; from churon.tools.whole import write_whole; "
    "write_whole(Path(sys.argv[1]), b'later')"
)
REFUSALS = [("open", errno.EACCES), ("open", errno.EROFS), ("replace", errno.EBUSY)]


def refuse(patch: pytest.MonkeyPatch, call: str, number: int) -> None:
    """Make this call fail for what is written beside a file."""
    usual = getattr(Path, call)

    def fails(path: Path, *given: Any, **more: Any) -> Any:
        if path.suffix == ".new":
            raise OSError(number, "Refused")
        return usual(path, *given, **more)

    patch.setattr(Path, call, fails)


def test_a_file_of_nearly_its_name_stays(tmp_path: Path) -> None:
    (tmp_path / "a.html.new").write_text("a user's own")
    write_whole(tmp_path / "a.html", b"one")
    write_whole(tmp_path / "a.html", b"two")
    held = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert held == {"a.html": "two", "a.html.new": "a user's own"}


def test_a_name_may_be_as_long_as_the_disk_takes(tmp_path: Path) -> None:
    write_whole(tmp_path / ("a" * 250 + ".html"), b"one")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["one"]


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="this system has no /dev/stdout")
@pytest.mark.parametrize("mode", ["a", "w"])
@pytest.mark.parametrize("name", ["/dev/stdout", "link"])
def test_what_a_shell_adds_to_is_kept(tmp_path: Path, name: str, mode: str) -> None:
    (tmp_path / "all").write_text("earlier ")
    (tmp_path / "link").symlink_to("/dev/stdout")
    with (tmp_path / "all").open(mode) as out:
        command = [sys.executable, "-c", WRITES, name]
        subprocess.run(command, stdout=out, cwd=tmp_path, timeout=60, check=True)
    assert (tmp_path / "all").read_text() == ("earlier later" if mode == "a" else "later")


@pytest.mark.parametrize(("call", "number"), REFUSALS)
def test_where_nothing_can_take_its_place_a_file_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    (tmp_path / "a").write_text("earlier")
    refuse(monkeypatch, call, number)
    write_whole(tmp_path / "a", b"later")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["later"]


@pytest.mark.parametrize("call", ["open", "replace"])
def test_a_full_disk_leaves_it_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    (tmp_path / "a").write_text("earlier")
    refuse(monkeypatch, call, errno.ENOSPC)
    with pytest.raises(OSError, match="Refused"):
        write_whole(tmp_path / "a", b"later")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["earlier"]
