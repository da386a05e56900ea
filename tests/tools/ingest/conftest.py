"""Documents and a store for ingest."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.passage_store import FileStore


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
