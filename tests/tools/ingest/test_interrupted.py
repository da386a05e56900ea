"""What disturbs an ingest from outside is told as that, and is over with the next ingest."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pytest
from support.passage_store import FileStore

from churon.tools.errors import IngestError
from churon.tools.ingest.documents import documents
from churon.tools.ingest.manifest import Entry, Manifest
from churon.tools.ingest.pipeline import ingest
from churon.tools.ingest.reader import Reader
from churon.tools.ingest.report import IngestReport
from churon.tools.settings import IngestSettings


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("The ferry leaves at noon.")
    return FileStore(tmp_path / "store.json")


async def run(store: FileStore) -> IngestReport:
    folder = store.path.parent
    return await ingest([folder / "docs"], store, IngestSettings(), manifest=folder / "m.db")


@pytest.mark.parametrize("other", ["", "The ferry leaves at night."])
async def test_a_file_that_is_rewritten_while_it_is_read_is_read_again(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    read, docs = Reader.read, store.path.with_name("docs")

    async def rewriting(self: Reader, path: Path) -> Any:
        (docs / "a.md").write_text(other)
        try:
            return await read(self, path)
        finally:
            (docs / "a.md").write_text("Dogs are free.")

    with monkeypatch.context() as rewritten:
        rewritten.setattr(Reader, "read", rewriting)
        await run(store)
    await run(store)
    assert store.texts() == ["Dogs are free."]
    assert (await run(store)).unchanged == 1


@pytest.mark.parametrize("chunks", ["null", "[1]", '{"a": 1}', "{"])
async def test_a_row_that_is_none_is_a_damaged_manifest(store: FileStore, chunks: str) -> None:
    await run(store)
    manifest = store.path.with_name("m.db")
    with sqlite3.connect(manifest) as book:
        book.execute("UPDATE files SET chunks = ?", [chunks])
    book.close()
    for _ in range(2):
        with pytest.raises(IngestError, match=r"m\.db' cannot be used.* move it away"):
            await run(store)
    with pytest.raises(IngestError, match="move it away"):
        documents(manifest)


async def test_a_manifest_that_cannot_be_opened_is_not_called_damaged(store: FileStore) -> None:
    store.path.with_name("m.db").mkdir()
    with pytest.raises(IngestError, match=r"m\.db' cannot be used.*ulimit -n") as caught:
        await run(store)
    assert "move it" not in str(caught.value)


def test_a_manifest_that_another_process_writes_is_to_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Manifest(tmp_path / "m.db", "", "").close()
    usual = sqlite3.connect
    writing = usual(tmp_path / "m.db")
    writing.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(sqlite3, "connect", lambda path, timeout: usual(path, timeout=0))
    book = Manifest(tmp_path / "m.db", "", "")
    with pytest.raises(IngestError, match=r"m\.db' cannot be used.*Another churon") as caught:
        book.forget(["a.md"])
    assert "disk" not in str(caught.value)
    book.close()
    writing.close()


def test_listing_needs_no_write() -> None:
    with tempfile.TemporaryDirectory() as made:  # pytest's own lets no other user in
        folder, manifest = Path(made), Path(made, "m.db")
        book = Manifest(manifest, "", "")
        book.save([Entry("/a.md", "a.md", "c", "l", "indexed", "", {"id": "digest"})])
        book.close()
        manifest.chmod(0o444)
        folder.chmod(0o555)
        user = os.geteuid()
        os.seteuid(user or 65_534)  # root writes anywhere
        try:
            [one] = documents(manifest).documents
            with pytest.raises(IngestError, match="Let your user read and write it"):
                Manifest(manifest, "", "")
        finally:
            os.seteuid(user)
            folder.chmod(0o755)
    assert (one.path, one.outcome, one.chunks) == ("a.md", "unchanged", 1)
