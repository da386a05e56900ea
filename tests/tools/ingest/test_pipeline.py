"""A folder becomes passages: what a run writes, leaves and removes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from langchain_core.documents import Document
from support.ingest_world import SETTINGS, outcomes, run
from support.passage_store import FileStore

from churon.tools.errors import IngestError, StoreError
from churon.tools.ingest.report import Progress


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
        "skipped",
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


async def test_an_unusable_manifest_is_named(docs: Path, store: FileStore) -> None:
    store.path.with_name("manifest.db").write_bytes(b"not a database" * 100)
    with pytest.raises(IngestError, match=r"manifest\.db"):
        await run(store, docs)


KILLED = """
import asyncio, sys
from pathlib import Path
from support.ingest_world import SETTINGS, outcomes, run
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


async def test_other_tenants_passages_do_not_hide_that_ones_own_are_lost(
    docs: Path, store: FileStore
) -> None:
    await run(store, docs)
    store.path.unlink()
    await run(store, docs, tenant="a")
    assert (await run(store, docs)).changed == 2
    assert len({key.split("/")[1] for key in store.rows}) == 2


@pytest.mark.parametrize(("batch", "most"), [(8, 32), (40, 40)])
async def test_a_write_holds_what_the_embedding_model_takes_at_once(
    tmp_path: Path, store: FileStore, monkeypatch: pytest.MonkeyPatch, batch: int, most: int
) -> None:
    (tmp_path / "a.csv").write_text("stop\n" + "".join(f"{n:0100}\n" for n in range(60)))
    written: list[int] = []
    upsert = store.upsert

    async def counted(documents: list[Document], **scope: str | None) -> None:
        written.append(len(documents))
        await upsert(documents, **scope)

    monkeypatch.setattr(store, "upsert", counted)
    report = await run(store, tmp_path / "a.csv", batch=batch)
    assert max(written) == most and sum(written) == report.documents[0].chunks
