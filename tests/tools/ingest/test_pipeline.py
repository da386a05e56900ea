from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.passage_store import FileStore

from churon.tools.errors import IngestError, StoreError
from churon.tools.ingest.pipeline import ingest
from churon.tools.ingest.reader import Reader
from churon.tools.ingest.report import IngestReport, Progress
from churon.tools.settings import IngestSettings

SETTINGS = IngestSettings(chunk_chars=100, chunk_chars_cjk=60, overlap=0)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "ferry.md").write_text(
        "# Ferry\n\n" + "\n\n".join(f"Stop {n}. " * 8 for n in range(5))
    )
    (folder / "요금.txt").write_text("소리도 여객선 요금은 9,800원입니다. 어린이는 절반입니다.")
    return folder


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "store.json")


async def run(store: FileStore, *paths: Path, **kwargs: Any) -> IngestReport:
    manifest = store.path.with_name("manifest.db")
    return await ingest(paths, store, kwargs.pop("settings", SETTINGS), manifest=manifest, **kwargs)


def outcomes(report: IngestReport) -> dict[str, str]:
    return {Path(d.path).name: d.outcome for d in report.documents}


@pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode elsewhere")
async def test_a_name_that_is_no_unicode_stops_nothing(docs: Path, store: FileStore) -> None:
    name = os.fsdecode(b"\xb5\xb5\xc0\xda.txt")  # as an old archive unpacks 도자
    (docs / name).write_text("The harbour of Aren closes at night.")
    report = await run(store, docs)
    assert sorted(d.outcome for d in report.documents) == ["new", "new", "new"]
    assert not any(d.outcome == "new" for d in (await run(store, docs)).documents)


async def test_a_second_run_writes_nothing(docs: Path, store: FileStore) -> None:
    seen: list[Progress] = []
    first = await run(store, docs, on_progress=seen.append)
    assert outcomes(first) == {"ferry.md": "new", "요금.txt": "new"}
    assert sum(d.chunks for d in first.documents) == len(store.rows) > 2
    assert [(p.done, p.total) for p in seen] == [(1, 2), (2, 2)]
    store.upserted.clear()
    second = await run(store, docs, docs / "ferry.md")
    assert outcomes(second) == {"ferry.md": "unchanged", "요금.txt": "unchanged"}
    assert store.upserted == store.deleted == []
    assert set(second.as_json()) == {
        "documents",
        "new",
        "changed",
        "unchanged",
        "removed",
        "failed",
    }
    assert set(second.as_json()["documents"][0]) == {"path", "outcome", "chunks", "error"}
    assert second.unchanged == 2


async def test_a_changed_file_rewrites_only_its_new_chunks(docs: Path, store: FileStore) -> None:
    await run(store, docs)
    before = store.texts()
    store.upserted.clear()
    path = docs / "ferry.md"
    path.write_text(path.read_text().replace("Stop 4. " * 8, "Closed 4. " * 8))
    assert outcomes(await run(store, docs)) == {"ferry.md": "changed", "요금.txt": "unchanged"}
    assert store.upserted == ["Closed 4. " * 7 + "Closed 4."]
    assert set(before) ^ set(store.texts()) == {*store.upserted, "Stop 4. " * 7 + "Stop 4."}


async def test_spans_follow_when_text_moves(docs: Path, store: FileStore) -> None:
    await run(store, docs)
    path = docs / "ferry.md"
    path.write_text("A new first paragraph that moves all others. " * 2 + "\n\n" + path.read_text())
    await run(store, docs)
    text = path.read_text()
    for row in store.rows.values():
        meta = row["metadata"]
        if meta["document"].endswith("ferry.md"):
            assert text[meta["start"] : meta["end"]] == row["text"]
            assert "page" not in meta and meta["title"] == "Ferry"


async def test_deleted_and_renamed_files(docs: Path, store: FileStore) -> None:
    await run(store, docs)
    (docs / "ferry.md").rename(docs / "boat.md")
    report = await run(store, docs)
    assert outcomes(report) == {"boat.md": "new", "요금.txt": "unchanged", "ferry.md": "removed"}
    assert {r["metadata"]["document"] for r in store.rows.values()} == {
        d.path for d in report.documents if d.outcome != "removed"
    }
    (docs / "boat.md").unlink()
    assert (await run(store, docs / "요금.txt")).removed == 0, "only below the given paths"
    assert (await run(store, docs, prune=False)).removed == 0
    assert (await run(store, docs / "boat.md")).removed == 1
    assert (await run(store, docs)).as_json()["documents"][0]["chunks"] == len(store.rows) == 1


async def test_tenants_and_collections_are_apart(docs: Path, store: FileStore) -> None:
    await run(store, docs, tenant="a")
    assert (await run(store, docs, tenant="b")).new == 2
    assert (await run(store, docs, tenant="a", collection="other")).new == 2
    await run(store, docs / "ferry.md", tenant="b")
    (docs / "ferry.md").unlink()
    assert (await run(store, docs, tenant="b")).removed == 1
    assert (await run(store, docs / "요금.txt", tenant="a")).unchanged == 1
    assert await store.count(tenant="a") > await store.count(tenant="b")


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
    assert "content is no pdf" in next(d.error for d in report.documents if "broken" in d.path)


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


async def test_chunk_settings_and_lost_stores_are_noticed(docs: Path, store: FileStore) -> None:
    await run(store, docs)
    larger = SETTINGS.model_copy(update={"chunk_chars": 300})
    assert outcomes(await run(store, docs, settings=larger))["ferry.md"] == "changed"
    patient = larger.model_copy(update={"max_seconds": 5.0})
    assert (await run(store, docs, settings=patient)).unchanged == 2
    texts = store.texts()
    store.path.unlink()
    await run(store, docs, settings=patient)
    assert store.texts() == texts


async def test_what_is_passed_over(docs: Path, store: FileStore) -> None:
    (docs / ".git").mkdir()
    (docs / ".git" / "a.md").write_text("hidden")
    (docs / "~$letter.docx").write_text("lock")
    (docs / "photo.jpg").write_bytes(b"\xff\xd8")
    (docs / "README").write_text("no suffix")
    (docs / "empty.txt").touch()
    os.mkfifo(docs / "pipe.txt")
    (docs / "link.md").symlink_to(docs / "ferry.md")
    (docs / "loop").symlink_to(docs, target_is_directory=True)
    report = await run(store, docs)
    skipped = {name for name, outcome in outcomes(report).items() if outcome == "skipped"}
    assert skipped == {"photo.jpg", "README", "empty.txt", "link.md", "pipe.txt", "loop"}
    assert all(d.error for d in report.documents if d.outcome == "skipped")
    assert report.new == 2 and report.failed == 0
    assert (await run(store, docs / "link.md")).new == 1


async def test_an_empty_folder_and_a_missing_path(tmp_path: Path, store: FileStore) -> None:
    (tmp_path / "empty").mkdir()
    assert (await run(store, tmp_path / "empty")).documents == ()
    with pytest.raises(IngestError, match=r"nowhere\.md") as caught:
        await run(store, tmp_path, tmp_path / "nowhere.md")
    assert caught.value.outcome == "usage"


@pytest.mark.skipif(sys.platform != "linux", reason="names there are text")
async def test_names_that_are_no_text(docs: Path, store: FileStore) -> None:
    for name in (b"\xff.txt", b"\xfe.txt"):
        (docs / os.fsdecode(name)).write_text("Bytes.")
    assert (await run(store, docs)).new == 4
    assert (await run(store, docs)).unchanged == 4


async def test_an_unusable_manifest_is_named(docs: Path, store: FileStore) -> None:
    store.path.with_name("manifest.db").write_bytes(b"not a database" * 100)
    with pytest.raises(IngestError, match=r"manifest\.db"):
        await run(store, docs)


KILLED = """
import asyncio, sys
from pathlib import Path
from support.passage_store import FileStore
from churon.tools.ingest.pipeline import ingest
from churon.tools.ingest.reader import Reader
from churon.tools.settings import IngestSettings
root, method, when = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
settings = IngestSettings(chunk_chars=100, chunk_chars_cjk=60, overlap=0)
store = FileStore(root / "store.json", (method, when, "kill"))
asyncio.run(ingest([root / "docs"], store, settings, manifest=root / "manifest.db"))
"""


@pytest.mark.parametrize(
    ("method", "when", "fault"),
    [
        ("upsert", "before", "kill"),
        ("upsert", "after", "kill"),
        ("upsert", "before", "fail"),
        ("delete", "before", "fail"),
        ("delete", "after", "kill"),
    ],
)
async def test_a_broken_run_is_made_whole_by_the_next(
    docs: Path, store: FileStore, method: str, when: str, fault: str
) -> None:
    await run(store, docs)
    (docs / "ferry.md").write_text("# Ferry\n\nOne stop only.")
    (docs / "new.md").write_text("A new page.")
    if fault == "kill":
        command = [sys.executable, "-c", KILLED, str(docs.parent), method, when]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        ended = await asyncio.to_thread(subprocess.run, command, env=environment, check=False)
        assert ended.returncode == -9
    else:
        with pytest.raises(StoreError):
            await run(FileStore(store.path, (method, when, "fail")), docs)
    await run(store, docs)
    assert store.texts() == sorted(
        ["# Ferry\n\nOne stop only.", "A new page.", (docs / "요금.txt").read_text()]
    )
    store.upserted.clear()
    assert (await run(store, docs)).unchanged == 3
    assert store.upserted == []


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


async def test_what_was_named_itself_outlives_a_run_over_its_folder(
    docs: Path, store: FileStore
) -> None:
    (docs / ".drafts").mkdir()
    (docs / ".drafts" / "hidden.md").write_text("A draft.")
    (docs.parent / "far").mkdir()
    (docs.parent / "far" / "far.md").write_text("Far away.")
    (docs / "link.md").symlink_to(docs / "ferry.md")
    (docs / "near").symlink_to(docs.parent / "far", target_is_directory=True)
    await run(store, docs / ".drafts" / "hidden.md", docs / "link.md", docs / "near")
    await run(store, docs)
    texts = store.texts()
    report = await run(store, docs)
    assert report.removed == 0 and store.texts() == texts and "Far away." in texts
    assert outcomes(report)["near"] == "skipped"
    (docs / ".drafts" / "hidden.md").unlink()
    assert (await run(store, docs)).removed == 1


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


async def test_other_tenants_passages_do_not_hide_that_ones_own_are_lost(
    docs: Path, store: FileStore
) -> None:
    await run(store, docs)
    store.path.unlink()
    await run(store, docs, tenant="a")
    assert (await run(store, docs)).changed == 2
    assert len({key.split("/")[1] for key in store.rows}) == 2
