"""A Milvus Lite file that lost a part is an error, no empty store, and looking takes nothing."""

from __future__ import annotations

import logging
import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from langchain_core.documents import Document
from milvus_lite.server_manager import server_manager_instance
from pymilvus import MilvusClient
from support.hashing import HashingEmbeddings

from churon.tools.errors import StoreError
from churon.tools.settings import StoreSettings
from churon.tools.store.milvus import Store

EMBED = HashingEmbeddings()


@pytest.fixture
def collection(fresh: StoreSettings) -> Path:
    """The folder of the settings' collection."""
    return Path(fresh.uri) / "collections" / fresh.collection


@pytest.fixture
async def written(fresh: StoreSettings, collection: Path) -> Path:
    """The same, of two files of passages."""
    for n in range(2):
        store = Store.open(fresh, EMBED, 64)
        await store.upsert([Document(id=f"{n}", page_content=f"Stop {n} is a pier.")])
        store.close()
    return collection


def passages(folder: Path) -> list[Path]:
    return sorted(folder.glob("partitions/*/data/*"))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def spoil_indexes(folder: Path) -> None:
    for path in folder.glob("partitions/*/indexes/*"):
        path.write_bytes(b"x" * 50)


def half_made(folder: Path, left: str | None) -> None:
    folder.mkdir(parents=True)
    if left:
        (folder / left).touch()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (
            lambda folder: (folder / "manifest.json").write_bytes(b""),
            "manifest.json cannot be read",
        ),
        (
            lambda folder: (folder / "manifest.json").write_text("[]"),
            "manifest.json cannot be read",
        ),
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json is gone"),
        (lambda folder: passages(folder)[0].unlink(), "1 of its 2 files are gone"),
        (lambda folder: cut(passages(folder)[1]), "1 of its 2 files are gone or cut short"),
        (lambda folder: (folder / "schema.json").unlink(), "schema.json is gone"),
        (lambda folder: cut(folder / "schema.json"), "schema.json cannot be read"),
    ],
)
async def test_a_damaged_store_is_named_and_left_as_it_is(
    written: Path, fresh: StoreSettings, damage: Callable[[Path], object], says: str
) -> None:
    damage(written)
    left = passages(written)
    for _ in range(2):
        with pytest.raises(StoreError, match=f"is damaged: {says}") as caught:
            Store.open(fresh, EMBED, 64)
        assert passages(written) == left
    assert f"{str(written)!r} back from a copy, or move it away" in str(caught.value)
    shutil.move(written, written.parents[2] / "away")  # and that is enough
    store = Store.open(fresh, EMBED, 64)
    await store.upsert([Document(id="1", page_content="Stop 1 is a pier.")])
    assert await store.count() == 1
    store.close()


@pytest.mark.parametrize("lost", ["manifest.json", "schema.json"])
async def test_a_damaged_collection_closes_no_other(
    written: Path, fresh: StoreSettings, lost: str
) -> None:
    store = Store.open(fresh, EMBED, 64)
    await store.upsert([Document(id="0", page_content="Of a set.")], collection="eval_x")
    store.close()
    other = written.with_name("eval_x")
    (other / lost).unlink()
    left = passages(other)
    store = Store.open(fresh, EMBED, 64)
    await store.upsert([Document(id="2", page_content="Stop 2 is a pier.")])
    assert await store.count() == 3
    with pytest.raises(StoreError, match=f"'eval_x' of the store .* is damaged: {lost} is gone"):
        await store.count(collection="eval_x")
    with pytest.raises(StoreError, match="is damaged"):
        await store.upsert([Document(id="1", page_content="More.")], collection="eval_x")
    store.close()
    assert passages(other) == left


async def test_an_engine_that_ran_before_is_not_stopped(
    written: Path, fresh: StoreSettings
) -> None:
    client = MilvusClient(fresh.uri)
    try:
        Store.open(fresh.model_copy(update={"collection": "own"}), EMBED, 64).close()
        assert client.list_collections() == [fresh.collection]
        (written / "schema.json").unlink()
        with pytest.raises(StoreError, match="is damaged"):
            Store.open(fresh, EMBED, 64)
        assert client.get_server_version()
    finally:
        client.close()
        server_manager_instance.release_server(fresh.uri)


@pytest.mark.parametrize("left", [None, "schema.json.tmp"])
async def test_a_kill_while_the_collection_is_made_stops_no_later_write(
    fresh: StoreSettings, collection: Path, left: str | None
) -> None:
    half_made(collection, left)
    store = Store.open(fresh, EMBED, 64)
    await store.upsert([Document(id="1", page_content="Stop 1 is a pier.")])
    assert await store.count() == 1
    store.close()


async def test_an_index_that_cannot_be_read_is_no_server_that_is_away(
    written: Path, fresh: StoreSettings
) -> None:
    spoil_indexes(written)
    with pytest.raises(StoreError, match=r"could not be opened.* move it away") as caught:
        Store.open(fresh, EMBED, 64)
    assert "store.token" not in str(caught.value)


async def test_a_file_that_may_grow_no_more_is_named_and_no_passage_is_printed(
    written: Path, fresh: StoreSettings, capfd: pytest.CaptureFixture[str]
) -> None:
    store = Store.open(fresh, EMBED, 64)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        with pytest.raises(StoreError, match=r"could not be written.*ulimit -f"):
            await store.upsert([Document(id="1", page_content="The secret is a lamp.")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        store.close()
    assert "secret" not in "".join(capfd.readouterr())
    assert logging.getLogger("langchain_milvus").level == logging.CRITICAL


def test_too_many_open_files_are_no_damage(
    fresh: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*_: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("milvus_lite.db.MilvusLite.__init__", none_left)
    with pytest.raises(StoreError, match=r"cannot be opened.*ulimit -n") as caught:
        Store.open(fresh, EMBED, 64)
    assert "Move it away" not in str(caught.value)
