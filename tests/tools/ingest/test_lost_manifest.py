"""A manifest that is lost leaves no passage behind that nothing can remove."""

from __future__ import annotations

from pathlib import Path

import pytest
from langchain_core.documents import Document
from support.passage_store import FileStore

from churon.tools.errors import InputError
from churon.tools.ingest.documents import documents, forget
from churon.tools.ingest.pipeline import ingest
from churon.tools.ingest.report import IngestReport
from churon.tools.settings import IngestSettings


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileStore:
    """Two files of this folder and tenant, one of another tenant, one of another folder; then the
    manifest is gone, and so is a file.
    """
    held = FileStore(tmp_path / "store.json")
    for folder in ("far", "here"):
        (tmp_path / folder / "docs").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / folder)
        (tmp_path / folder / "docs" / "a.md").write_text(f"A page of {folder}.")
        await run(held)
    (tmp_path / "here" / "docs" / "secret.md").write_text("Kim earns much.\n")
    await run(held)
    await run(held, tenant="lee")
    program = Document(id="own", page_content="By a program.", metadata={"document": "docs/a.md"})
    await held.upsert([program])
    (tmp_path / "here" / "docs" / "a.md").write_text("Rewritten since.")
    (tmp_path / "here" / "docs" / "secret.md").unlink()
    (tmp_path / "m.db").unlink()
    return held


async def run(store: FileStore, tenant: str | None = None) -> IngestReport:
    manifest = store.path.with_name("m.db")
    return await ingest([Path("docs")], store, IngestSettings(), manifest=manifest, tenant=tenant)


def texts(store: FileStore, tenant: str = "") -> set[str]:
    rows = store.rows.items()
    return {row["text"] for key, row in rows if key.startswith(f"None/{tenant}/")}


async def test_an_ingest_begins_where_the_lost_one_ended(store: FileStore) -> None:
    report = await run(store)
    assert (report.new, report.removed) == (1, 1)
    assert texts(store) == {"Rewritten since.", "A page of far.", "By a program."}
    assert texts(store, "lee") == {"A page of here.", "Kim earns much."}


async def test_on_a_server_what_is_not_listed_may_be_another_machines(store: FileStore) -> None:
    store.shared = True
    theirs = {"A page of here.", "Kim earns much."}
    assert (await run(store)).removed == 0
    assert texts(store) > theirs | {"Rewritten since."}
    manifest = store.path.with_name("m.db")
    assert (await forget(None, store, manifest=manifest)).removed == 1
    assert texts(store) > theirs and "Rewritten since." not in texts(store)
    for name in ("docs/secret.md", "docs/a.md"):  # a path that is named is meant
        assert (await forget([Path(name)], store, manifest=manifest)).removed == 1
    assert not texts(store) & theirs


async def test_on_a_server_a_whole_path_is_not_ones_own_in_every_folder(
    store: FileStore, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.md").write_text("Kept by another machine.")
    manifest = tmp_path / "theirs.db"
    await ingest([other], store, IngestSettings(), manifest=manifest)
    store.shared = True
    await forget(None, store, manifest=tmp_path / "m.db")
    assert "Kept by another machine." in texts(store)


async def test_forget_finds_what_is_not_listed(store: FileStore) -> None:
    manifest = store.path.with_name("m.db")
    report = await forget([Path("docs/secret.md")], store, manifest=manifest)
    assert [one.path for one in report.documents] == ["docs/secret.md"]
    with pytest.raises(InputError, match="Nothing was ingested"):
        await forget([Path("docs/secret.md")], store, manifest=manifest)
    assert (await forget(None, store, manifest=manifest)).removed == 1
    assert texts(store) == {"A page of far.", "By a program."}
    assert texts(store, "lee") == {"A page of here.", "Kim earns much."}
    assert documents(manifest).documents == ()


async def test_only_what_is_meant_and_not_listed_is_read(store: FileStore) -> None:
    manifest = store.path.with_name("m.db")
    await run(store)
    store.read.clear()
    (store.path.parent / "here" / "docs" / "b.md").write_text("Another page.")
    await run(store)
    assert not store.read
    manifest.unlink()
    await forget([Path("docs/b.md")], store, manifest=manifest)
    assert store.read == ["Another page."]
