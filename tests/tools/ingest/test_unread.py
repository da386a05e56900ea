"""Files and folders that cannot be read: told, tried again, and no reason to lose a passage."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from support.ingest_world import SETTINGS, outcomes, run
from support.passage_store import FileStore

from churon.tools.errors import IngestError
from churon.tools.ingest.reader import Reader


@pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode elsewhere")
async def test_a_name_that_is_no_unicode_stops_nothing(docs: Path, store: FileStore) -> None:
    name = os.fsdecode(b"\xb5\xb5\xc0\xda.txt")  # as an old archive unpacks 도자
    (docs / name).write_text("The harbour of Aren closes at night.")
    report = await run(store, docs)
    assert sorted(d.outcome for d in report.documents) == ["new", "new", "new"]
    assert not any(d.outcome == "new" for d in (await run(store, docs)).documents)


async def test_a_failure_is_remembered_and_retried_when_named(docs: Path, store: FileStore) -> None:
    bad = docs / "broken.pdf"
    bad.write_bytes(b"%PDF-1.4 nothing")
    for _ in range(2):
        report = await run(store, docs)
        assert outcomes(report)["broken.pdf"] == "failed" and report.failed == 1
        assert any("damaged" in d.error for d in report.documents)
    assert (await run(store, bad)).failed == 1
    bad.write_bytes(b"# Now text")
    report = await run(store, docs)
    said = next(d.error for d in report.documents if "broken" in d.path)
    assert "content is no pdf" in said and "Name it after what it is" in said


async def test_a_document_that_turns_bad_is_no_longer_cited(docs: Path, store: FileStore) -> None:
    await run(store, docs)
    (docs / "ferry.md").write_bytes(bytes(range(256)) * 9)
    assert outcomes(await run(store, docs))["ferry.md"] == "failed"
    assert len(store.rows) == 1


async def test_a_file_that_cannot_be_opened_keeps_its_passages(
    docs: Path, store: FileStore
) -> None:
    await run(store, docs)
    count = len(store.rows)
    (docs / "ferry.md").unlink()
    (docs / "ferry.md").symlink_to(docs / "unmounted" / "ferry.md")
    report = await run(store, docs / "ferry.md")
    assert (report.failed, len(store.rows)) == (1, count)
    assert "cannot be opened" in report.documents[0].error
    (docs / "unmounted").mkdir()
    (docs / "unmounted" / "ferry.md").write_text("# Ferry\n\nBack again.")
    await run(store, docs / "ferry.md")
    assert "# Ferry\n\nBack again." in store.texts() and len(store.rows) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="names there are text")
async def test_names_that_are_no_text(docs: Path, store: FileStore) -> None:
    for name in (b"\xff.txt", b"\xfe.txt"):
        (docs / os.fsdecode(name)).write_text("Bytes.")
    assert (await run(store, docs)).new == 4
    assert (await run(store, docs)).unchanged == 4


async def test_a_folder_that_cannot_be_listed_keeps_what_was_in_it(
    docs: Path, store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    (docs / "closed").mkdir()
    (docs / "closed" / "inner.md").write_text("Inside.")
    await run(store, docs)
    texts, scandir = store.texts(), os.scandir

    def refusing(path: Any) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    # as where its files cannot be looked up either
    (docs / "closed").rename(docs.parent / "away")
    (docs / "closed").mkdir()
    report = await run(store, docs)
    assert outcomes(report)["closed"] == "failed" and report.removed == 0
    assert "cannot be listed: Permission denied" in report.documents[0].error
    assert store.texts() == texts


async def test_a_reader_that_does_not_start_is_no_documents_fault(
    docs: Path, store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(store, docs)
    texts = store.texts()
    larger = SETTINGS.model_copy(update={"chunk_chars": 300})
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/bin/false")
        with pytest.raises(IngestError, match="reader did not start"):
            await run(store, docs, settings=larger)
    assert store.texts() == texts
    assert outcomes(await run(store, docs, settings=larger))["ferry.md"] == "changed"


async def test_a_file_whose_package_was_missing_is_tried_again(
    docs: Path, store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(store, docs)
    texts, read = store.texts(), Reader.read

    async def unequipped(self: Reader, path: Path) -> Any:
        raise IngestError("It needs a package.", outcome="unequipped", remedy="Install it.")

    monkeypatch.setattr(Reader, "read", unequipped)
    (docs / "new.md").write_text("A new page.")
    larger = SETTINGS.model_copy(update={"chunk_chars": 300})
    assert (await run(store, docs, settings=larger)).failed == 3
    assert store.texts() == texts
    monkeypatch.setattr(Reader, "read", read)
    assert outcomes(await run(store, docs, settings=larger))["new.md"] == "new"
