"""Whether a Milvus Lite file is whole, to be seen before its engine opens a collection.

The engine takes passages whose file is gone for deleted; where its list of files is lost, it takes
the files for left over and removes them.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from churon.tools.errors import StoreError

_END = b"PAR1"
"""The last bytes of a Parquet file that was written to its end."""


def check(store: Path, name: str) -> None:
    """Raise StoreError where the collection lost what it held, OSError where it is unreadable."""
    folder = store / "collections" / name
    if folder.is_dir() and (damage := _damage(folder)):
        raise StoreError(
            f"The collection {name!r} of the store {str(store)!r} is damaged: {damage}.",
            remedy=f"Put {str(folder)!r} back from a copy, or move it away and run "
            "`churon ingest PATH`.",
        )


def clear(store: Path, name: str) -> None:
    """Remove a collection that a kill left half made and empty: Milvus Lite would trip over it."""
    for folder in store.glob("collections/*/"):
        if folder.name == name and not _written(folder) and not (folder / "schema.json").exists():
            shutil.rmtree(folder)


def _damage(folder: Path) -> str:
    """What is wrong, "" for nothing: a collection may also be new, or killed while it was made."""
    if not (folder / "schema.json").exists():
        return "schema.json is gone" if _written(folder) else ""
    if not isinstance(_json(folder / "schema.json"), dict):
        return "schema.json cannot be read"
    listed = folder / "manifest.json"
    if not listed.exists():
        known = (folder / "manifest.json.prev").exists() or any(folder.glob("partitions/*/*/*"))
        return "manifest.json is gone" if known else ""
    files = _files(folder, _json(listed))
    if files is None:
        return "manifest.json cannot be read"
    lost = [file for file in files if not _whole(file)]
    return f"{len(lost)} of its {len(files)} files are gone or cut short" if lost else ""


def _written(folder: Path) -> bool:
    return any(folder.glob("partitions/*/*/*")) or any(folder.glob("wal/*"))


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        return None


def _files(folder: Path, manifest: object) -> list[Path] | None:
    """The files that a manifest lists, None where it is none."""
    try:
        return [
            folder / "partitions" / name / file
            for name, held in manifest["partitions"].items()  # type: ignore[index]
            for kind in ("data_files", "delta_files")
            for file in held[kind]
        ]
    except (AttributeError, KeyError, TypeError):
        return None


def _whole(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size < len(_END):
        return False
    with path.open("rb") as file:
        file.seek(-len(_END), os.SEEK_END)
        return file.read() == _END
