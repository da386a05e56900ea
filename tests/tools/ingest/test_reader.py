from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from churon.tools.errors import IngestError
from churon.tools.ingest.load import load
from churon.tools.ingest.reader import Reader
from churon.tools.settings import IngestSettings

SETTINGS = IngestSettings()


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    async with Reader(SETTINGS) as opened:
        yield opened


def children() -> list[int]:
    return [
        int(pid)
        for task in Path("/proc/self/task").iterdir()
        for pid in (task / "children").read_text().split()
    ]


def slow(path: Path) -> Path:
    path.write_text("name,text\n" + "a,some words of a row\n" * 400_000)
    return path


async def test_one_child_reads_file_after_file(tmp_path: Path, reader: Reader) -> None:
    for n in range(3):
        (tmp_path / f"{n}.txt").write_text(f"Page {n}.\r\nSecond line.")
        reading = await reader.read(tmp_path / f"{n}.txt")
        assert [c.text for c in reading.chunks] == [f"Page {n}.\nSecond line."]
        assert reading.title == str(n)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("number", "outcome", "says"),
    [
        (signal.SIGSEGV, "failed", r"crashed \(exit status -11\)"),
        (signal.SIGKILL, "unequipped", r"ended from outside \(exit status -9\).* ingest again"),
        (signal.SIGTERM, "unequipped", r"ended from outside \(exit status -15\)"),
    ],
)
async def test_a_crash_is_one_failed_file(
    tmp_path: Path, reader: Reader, number: int, outcome: str, says: str
) -> None:
    good = tmp_path / "good.txt"
    good.write_text("Good.")
    before = set(children())
    await reader.read(good)
    (child,) = set(children()) - before
    task = asyncio.create_task(reader.read(slow(tmp_path / "slow.csv")))
    await asyncio.sleep(0.3)
    os.kill(child, number)
    with pytest.raises(IngestError, match=says) as caught:
        await task
    assert caught.value.outcome == outcome
    assert (await reader.read(good)).chunks[0].text == "Good."


async def test_a_hang_is_one_failed_file(tmp_path: Path) -> None:
    hanging = slow(tmp_path / "slow.csv")
    (tmp_path / "good.txt").write_text("Good.")
    async with Reader(IngestSettings(max_seconds=1.0)) as reader:
        with pytest.raises(IngestError, match="more than 1 seconds"):
            await reader.read(hanging)
        assert (await reader.read(tmp_path / "good.txt")).chunks


@pytest.mark.skipif(sys.platform != "linux", reason="needs an address-space limit")
async def test_too_much_memory_is_one_failed_file(tmp_path: Path) -> None:
    (tmp_path / "big.txt").write_text("가" * 30_000_000)
    (tmp_path / "good.txt").write_text("Good.")
    limits = IngestSettings(max_memory=200_000_000, max_chars=100_000_000)
    async with Reader(limits) as reader:
        with pytest.raises(IngestError, match="200000000 bytes of memory"):
            await reader.read(tmp_path / "big.txt")
        assert (await reader.read(tmp_path / "good.txt")).chunks


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [("max_bytes", 1_000, "bytes, more than 1000"), ("max_chars", 1_000, "more than 1000 char")],
)
def test_limits_are_named(tmp_path: Path, limit: str, value: int, words: str) -> None:
    path = tmp_path / "long.txt"
    path.write_text("word " * 1_000)
    with pytest.raises(IngestError, match=words) as caught:
        load(path, IngestSettings.model_validate({limit: value}))
    assert f"ingest.{limit}" in str(caught.value)


def test_a_workbook_bomb_is_not_unpacked(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 20_000_000)
    (tmp_path / "bomb.xlsx").write_bytes(packed.getvalue())
    with pytest.raises(IngestError, match="would expand to 20000000 bytes"):
        load(tmp_path / "bomb.xlsx", SETTINGS)
