"""config, draw and models."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from churon.tools.models import catalogue
from churon.tools.settings import load_settings


def test_printed_settings_load_back(cli: Callable[..., Any], tmp_path: Path) -> None:
    sets = {
        "context.k2": "7",
        "store.uri": "자료 'a' \"b\"\\.db",
        "chat.keep_alive": "a\x7fb",
        "critic.calibration": '{"q:7b" = {relevance = {temperature = 1.5, offsets = {Y = -1}}}}',
    }  # fmt: skip
    options = [part for name, value in sets.items() for part in ("-s", f"{name}={value}")]
    printed = cli("--preset", "gpu", *options, "config").out
    (tmp_path / "again.toml").write_text(printed, "utf-8")
    again = load_settings(tmp_path / "again.toml")
    assert again.context.k2 == 7
    assert again.store.uri == sets["store.uri"]
    assert again.chat.keep_alive == "a\x7fb"
    assert again.critic.calibration["q:7b"]["relevance"].offsets == {"Y": -1.0}
    assert again.preset == "gpu"
    assert cli("-c", "again.toml", "config").out == printed


def test_the_version_is_printed_without_a_command(cli: Callable[..., Any]) -> None:
    assert cli("-s", "no=setting", "--version").out == f"churon {version('churon')}\n"


def test_every_setting_is_printed_the_unset_ones_as_comments(cli: Callable[..., Any]) -> None:
    printed = cli("config").out
    section, sections = "", dict[str, list[str]]({"": []})
    for line in filter(None, printed.splitlines()):
        if line.startswith("["):
            section = line.strip("[]")
            sections[section] = []
        else:
            sections[section].append(line)
    assert "# base_url =" in sections["chat"]
    assert "# tenant =" in sections["context"]
    assert sections["serve.keys"] == []
    for name, values in load_settings().model_dump(mode="json").items():
        for key in values if isinstance(values, dict) else ():
            told = [line for line in sections[name] if line.removeprefix("# ").startswith(key)]
            assert told or any(f"{one}.".startswith(f"{name}.{key}.") for one in sections)


def test_secrets_are_comments_of_stars(cli: Callable[..., Any], tmp_path: Path) -> None:
    secrets = ["chat.api_key=12345678", "store.token=root:Milvus", "langfuse.secret_key=sk-x"]
    secrets += ["embedding.base_url=http://me:word@host:1"]
    options = [part for secret in secrets for part in ("-s", secret)]
    printed = cli(*options, "config").out
    for secret in ("12345678", "Milvus", "sk-x", "me:word"):
        assert secret not in printed
    assert '# api_key = "**********"\n' in printed
    assert '# base_url = "http://host:1"\n' in printed
    (tmp_path / "again.toml").write_text(printed, "utf-8")
    assert load_settings(tmp_path / "again.toml").chat.api_key is None


def test_flags_win_over_variables_and_files(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "churon.toml").write_text("preset='ollama'\n[context]\nk1=11\nk2=3\nef=50\n")
    monkeypatch.setenv("CHURON_CONTEXT__K1", "12")
    monkeypatch.setenv("CHURON_CONTEXT__K2", "4")
    printed = cli("-s", "context.k1=13", "config").out
    assert ("k1 = 13\n" in printed, "k2 = 4\n" in printed, "ef = 50\n" in printed) == (True,) * 3
    assert 'preset = "ollama"' in printed
    assert 'preset = "gpu"' in cli("-s", "preset=gpu", "config").out


@pytest.mark.parametrize("name", ["self_rag", "two_stage", "retrieval", "long_form"])
def test_every_graph_can_be_drawn(cli: Callable[..., Any], tmp_path: Path, name: str) -> None:
    mermaid = cli("draw", name).out
    assert "graph TD;" in mermaid
    assert "error_handler" not in mermaid
    assert cli("draw", name, "-o", "a.mmd").out == "a.mmd\n"
    assert (tmp_path / "a.mmd").read_text() == mermaid
    assert cli("draw", name, "-o", "a.png").status == 0
    with Image.open(tmp_path / "a.png") as image:
        image.load()
        assert min(image.size) > 100
        assert len(image.getcolors(1 << 24) or []) > 5


def test_a_graph_is_drawn_whatever_the_settings_are(
    cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHURON_CHAT__SLOTS", "many")
    assert "graph TD;" in cli("draw").out


def test_models_are_listed_with_what_is_here(cli: Callable[..., Any], tmp_path: Path) -> None:
    known = catalogue.entry("multilingual-e5-small")
    with (tmp_path / known.file).open("wb") as file:
        os.truncate(file.fileno(), known.bytes)  # a sparse file of the right size
    folder = ["-s", f"models.folder={tmp_path}"]
    lines = cli(*folder, "models", "list").out.splitlines()
    here = {line.split()[0]: line.split()[-1] for line in lines[1:]}
    assert here == {entry.name: "no" for entry in catalogue.entries()} | {known.name: "yes"}
    verified = cli(*folder, "models", "verify")
    assert verified.status == 1
    assert f"{known.name}  wrong  " in verified.out
    assert f"churon models pull {known.name}" in verified.out
    os.truncate(tmp_path / known.file, 5)  # cut: not here, and not passed over
    assert " yes" not in cli(*folder, "models", "list").out
    cut = cli(*folder, "models", "verify")
    assert cut.status == 1 and f"{known.name}  wrong  " in cut.out
    missing = cli(*folder, "models", "verify", "qwen2.5-coder-0.5b")
    assert missing.status == 1
    assert "churon models pull qwen2.5-coder-0.5b" in missing.out


def test_pull_takes_what_is_here(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = b"weights"
    tiny = replace(
        catalogue.entry("multilingual-e5-small"),
        name="tiny", file="tiny.bin", bytes=len(text), sha256=hashlib.sha256(text).hexdigest(),
    )  # fmt: skip
    monkeypatch.setattr(catalogue, "entries", lambda: (tiny,))
    options = ["-s", "models.folder=.", "-s", "models.offline=true", "models"]
    absent = cli(*options, "pull", "tiny")
    assert (absent.status, absent.out) == (1, "")
    (tmp_path / "tiny.bin").write_bytes(text)
    assert cli(*options, "pull", "tiny").out == "tiny  tiny.bin\n"
    assert cli(*options, "verify").out == "tiny  ok  tiny.bin\n"
    (tmp_path / "tiny.bin").write_bytes(b"WEIGHTS")
    assert cli(*options, "verify").status == 1
    assert "sha256" in cli(*options, "pull", "tiny").err
