"""The catalogue: complete entries, what is here, what is another file."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from churon.tools.errors import ModelError, ModelMissing
from churon.tools.models import catalogue


def test_every_entry_is_pinned() -> None:
    known = catalogue.entries()
    assert len({e.name for e in known}) == len({e.file for e in known}) == len(known) == 3
    for entry in known:
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256) and entry.bytes > 10_000_000
        assert entry.licence and entry.wheels and re.compile(entry.member)
        for wheel in entry.wheels:
            assert re.fullmatch(r"[\w.-]+==[\d.]+ --hash=sha256:[0-9a-f]{64}", wheel)
        if entry.kind == "chat":
            assert entry.hub is not None and entry.hub.file == entry.file
    assert set(catalogue.QUICK) <= {e.name for e in known}


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"'gpt-9'.*qwen2\.5-coder-0\.5b"):
        catalogue.find("gpt-9", tmp_path)


def test_find_wants_the_whole_file(tmp_path: Path) -> None:
    name = "multilingual-e5-small"
    entry = catalogue.entry(name)
    assert catalogue.find(name, tmp_path) is None and not catalogue.present(name, tmp_path)
    path = tmp_path / entry.file
    path.write_bytes(b"cut")
    assert catalogue.find(name, tmp_path) is None
    with path.open("r+b") as file:
        file.truncate(entry.bytes)
    assert catalogue.find(name, tmp_path) == path and catalogue.present(name, tmp_path)
    with pytest.raises(ModelError, match=f"expected sha256 {entry.sha256}, got "):
        catalogue.verify(name, tmp_path)


def test_find_takes_a_path(tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    assert catalogue.find(str(own), tmp_path) is None
    own.write_bytes(b"GGUF")
    assert catalogue.find(str(own), tmp_path / "elsewhere") == own


def test_verify_names_the_command_for_what_is_absent(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"churon models pull qwen2\.5-coder-0\.5b"):
        catalogue.verify("qwen2.5-coder-0.5b", tmp_path)


@pytest.mark.models
def test_the_real_file_verifies(models_folder: Path) -> None:
    if not catalogue.present("multilingual-e5-small", models_folder):
        pytest.skip("no e5 weights: run `churon models pull --quick`")
    path = catalogue.verify("multilingual-e5-small", models_folder)
    other = replace(catalogue.entry("multilingual-e5-small"), sha256="0" * 64)
    with pytest.raises(ModelError, match="sha256 0000"):
        catalogue.check(other, path)
