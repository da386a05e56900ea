"""Documents are listed as they were left, and leave the store on demand."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from support.passage_store import FileStore

from churon.tools.errors import InputError, StoreError
from churon.tools.ingest.documents import documents, forget
from churon.tools.ingest.pipeline import ingest
from churon.tools.settings import IngestSettings


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileStore:
    """Of two folders and a file that cannot be read."""
    for name in ("ferry/a.md", "ferry/나.md", "ferry-rules/c.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{name} is what this says.")
    (tmp_path / "ferry" / "bad.pdf").write_bytes(b"%PDF-1.4 nonsense")
    monkeypatch.chdir(tmp_path)
    held = FileStore(tmp_path / "store.json")
    paths = [Path("ferry"), Path("ferry-rules")]
    await ingest(paths, held, IngestSettings(), manifest=tmp_path / "m.db")
    return held


def listed(folder: Path) -> dict[str, int]:
    return {one.path: one.chunks for one in documents(folder / "m.db").documents}


async def test_every_file_is_listed_with_its_passages(store: FileStore, tmp_path: Path) -> None:
    assert listed(tmp_path) == {
        "ferry-rules/c.md": 1, "ferry/a.md": 1, "ferry/bad.pdf": 0, "ferry/나.md": 1
    }  # fmt: skip
    bad = next(one for one in documents(tmp_path / "m.db").documents if one.error)
    assert (bad.path, bad.outcome) == ("ferry/bad.pdf", "failed")


async def test_a_folder_is_forgotten_and_its_neighbour_is_not(
    store: FileStore, tmp_path: Path
) -> None:
    report = await forget([Path("ferry"), Path("ferry/a.md")], store, manifest=tmp_path / "m.db")
    assert report.removed == 3
    assert store.texts() == ["ferry-rules/c.md is what this says."]
    assert listed(tmp_path) == {"ferry-rules/c.md": 1}
    assert (tmp_path / "ferry" / "a.md").exists()
    again = await ingest([Path("ferry")], store, IngestSettings(), manifest=tmp_path / "m.db")
    assert (again.new, again.failed) == (2, 1)


async def test_a_path_as_it_is_listed_is_known_in_any_folder(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "ferry")
    report = await forget([Path("ferry/나.md")], store, manifest=tmp_path / "m.db")
    assert [one.path for one in report.documents] == ["ferry/나.md"]


async def test_one_name_in_two_folders_is_not_guessed(store: FileStore, tmp_path: Path) -> None:
    manifest = tmp_path / "m.db"
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "notes.md").write_text(f"Notes of {folder}.")
        os.chdir(tmp_path / folder)
        await ingest([Path("notes.md")], store, IngestSettings(), manifest=manifest)
    report = await forget([Path("notes.md")], store, manifest=manifest)
    assert report.removed == 1 and "Notes of here." in store.texts()
    await ingest([Path("notes.md")], store, IngestSettings(), manifest=manifest)
    os.chdir(tmp_path)
    with pytest.raises(InputError, match=r"several folders: .*/notes\.md.*/notes\.md"):
        await forget([Path("notes.md")], store, manifest=manifest)


async def test_korean_names_are_known_however_they_are_composed(
    store: FileStore, tmp_path: Path
) -> None:
    apart = Path(unicodedata.normalize("NFD", "ferry/나.md"))
    assert (await forget([apart], store, manifest=tmp_path / "m.db")).removed == 1


async def test_an_unknown_path_removes_nothing(store: FileStore, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Nothing was ingested from 'fer'\."):
        await forget([Path("ferry"), Path("fer")], store, manifest=tmp_path / "m.db")
    assert len(listed(tmp_path)) == 4
    assert store.deleted == []


async def test_tenants_are_forgotten_apart(store: FileStore, tmp_path: Path) -> None:
    manifest = tmp_path / "m.db"
    await ingest([Path("ferry")], store, IngestSettings(), manifest=manifest, tenant="kim")
    assert (await forget(None, store, manifest=manifest)).removed == 4
    assert len(documents(manifest, tenant="kim").documents) == 3
    assert documents(manifest).documents == ()


async def test_a_store_that_fails_leaves_the_rows(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> int:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(store, "delete", fails)
    with pytest.raises(StoreError):
        await forget(None, store, manifest=tmp_path / "m.db")
    assert len(listed(tmp_path)) == 4


async def test_nothing_ingested_yet(tmp_path: Path) -> None:
    other, empty = tmp_path / "other.db", FileStore(tmp_path / "other.json")
    assert documents(other).documents == ()
    assert (await forget(None, empty, manifest=other)).documents == ()
    with pytest.raises(InputError, match="Nothing was ingested"):
        await forget([Path("ferry")], empty, manifest=other)
