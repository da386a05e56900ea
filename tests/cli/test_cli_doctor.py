"""Every finding of the doctor, with its level and remedy."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.hashing import HashingEmbeddings
from support.ollama_server import OllamaServer
from support.rerank_server import LoopbackRerank, RerankDouble

from churon.cli.checks.vectors import korean
from churon.tools.models import catalogue
from churon.tools.rerank.canaries import calibration_pairs
from churon.tools.settings import load_settings
from churon.tools.toolkit import Toolkit

Look = Callable[..., dict[str, dict[str, str]]]


@pytest.fixture
def look(served: Callable[..., Any]) -> Look:
    """Findings by check, of the test server's settings plus these options."""

    def run(*sets: str) -> dict[str, dict[str, str]]:
        options = [part for one in sets for part in ("-s", one)]
        outcome = served(*options, "doctor", "--json")
        findings = json.loads(outcome.out)["findings"]
        assert outcome.err == ""
        assert outcome.status == any(f["level"] == "error" for f in findings)
        assert all(bool(f["remedy"]) == (f["level"] != "ok") for f in findings)
        return {f["check"]: f for f in findings}

    return run


def test_a_store_is_not_made_and_its_passages_are_counted(
    look: Look, served: Callable[..., Any], tmp_path: Path
) -> None:
    before = look()
    assert (before["store"]["level"], before["store"]["remedy"]) == (
        "warning",
        "churon ingest PATH",
    )
    assert not (tmp_path / "m.db").exists()
    served("ingest", "docs")
    after = look()
    assert after["store"]["level"] == "ok"
    assert after["store"]["message"].endswith("2 passages")
    assert after["chat server"]["level"] == after["embedding"]["level"] == "ok"
    other = look("embedding.dimensions=256")
    assert other["store"]["level"] == "error"  # made for vectors of 512


def test_an_embedder_without_korean(look: Look) -> None:
    finding = look()["Korean"]  # hashed words: as good as chance
    assert finding["level"] == "warning"
    for name in ("model = 'bge-m3'", "dimensions = 1024", "query_prefix = ''"):
        assert f"embedding.{name}" in finding["remedy"]


@pytest.mark.models
def test_an_embedder_with_korean(cli: Callable[..., Any], models_folder: Path, e5: Any) -> None:
    outcome = cli("-s", f"models.folder={models_folder}", "doctor", "--json")
    findings = {f["check"]: f for f in json.loads(outcome.out)["findings"]}
    assert findings["Korean"]["level"] == findings["embedding"]["level"] == "ok"


def test_servers_that_are_dead_or_lack_the_model(look: Look, server: OllamaServer) -> None:
    findings = look("chat.base_url=http://user:word@127.0.0.1:9", "embedding.model=gone")
    assert findings["chat server"]["remedy"] == "Start it: ollama serve"
    assert "word" not in str(findings)
    assert findings["embedding server"]["remedy"] == "ollama pull gone"
    assert "embedding" not in findings  # one cause, one finding
    elsewhere = look(f"chat.base_url={server.url}/elsewhere")
    assert elsewhere["chat server"]["remedy"] == "Check base_url."


def test_an_ollama_host_without_a_scheme(
    look: Look, server: OllamaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", f" {server.url.removeprefix('http://')} ")
    finding = look("chat.base_url=", "chat.model=gone")["chat server"]
    assert finding["message"] == f"{server.url} has no model gone"


def test_vectors_of_another_length(look: Look) -> None:
    finding = look("embedding.dimensions=2048")["embedding"]
    assert finding["level"] == "error"
    assert "512" in finding["message"] and "2048" in finding["message"]


def test_sizes_that_do_not_fit(look: Look) -> None:
    finding = look("chat.context_length=2048")["context"]
    assert finding["level"] == "warning"
    assert "chat.context_length = 3072" in finding["remedy"]
    assert look("chat.context_length=3072")["context"]["level"] == "ok"
    thinks = look("chat.context_length=3072", "chat.thinking_tokens=4096")["context"]
    assert thinks["level"] == "warning" and "chat.context_length = 7168" in thinks["remedy"]


def test_rerankers_that_cannot_load(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look("rerank.provider=late_interaction")["reranker"]["level"] == "error"
    assert "rerank.model" in look("rerank.provider=encoder")["reranker"]["remedy"]
    monkeypatch.setattr("churon.cli.checks.installed.find_spec", lambda name: None)
    findings = look("rerank.provider=reference", "rerank.model=a/b")
    assert findings["packages"]["remedy"].startswith("pip install 'churon[")


def test_where_a_cross_encoder_lies(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

    def finding(model: str) -> tuple[str, str]:
        found = look("rerank.provider=encoder", f"rerank.model={model}")["reranker"]
        return found["level"], found["remedy"] or found["message"]

    assert finding("a/b") == ("warning", "hf download a/b; else the first question waits for it.")
    model = tmp_path / "hub" / "models--a--b"
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text("c0ffee")
    folder = model / "snapshots" / "c0ffee"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    assert finding("a/b")[0] == "warning"  # a download that was cut off
    (folder / "model.safetensors").touch()
    assert finding("a/b") == ("ok", "encoder a/b is on this machine")
    assert finding(str(folder)) == ("ok", f"encoder {folder} is on this machine")
    level, remedy = finding(str(tmp_path / "gone"))
    assert level == "error" and "to a folder, or a hub id" in remedy


def test_a_rerank_server_is_asked_obvious_questions(look: Look) -> None:
    answers = {passages[0] for _, passages in calibration_pairs()}
    knows = RerankDouble("cohere", lambda query, text: 0.9 if text in answers else 0.1)
    with LoopbackRerank(knows) as server:
        options = ("rerank.provider=remote", f"rerank.base_url={server.url}")
        found = look(*options)
        assert found["rerank server"]["message"].endswith(": 8 of 8 in 'en', 8 of 8 in 'ko'")
        assert "reranker" not in found
        knows.rule = lambda query, text: 0.5
        assert "guesses" in look(*options)["rerank server"]["message"]
        wrong = look(*options, "rerank.shape=tei")["rerank server"]
        assert wrong["level"] == "error" and "rerank.shape" in wrong["remedy"]
    assert look(*options)["rerank server"]["level"] == "error"  # it is gone
    unset = look("rerank.provider=remote")["rerank server"]
    assert "rerank.base_url" in unset["message"] and unset["level"] == "error"


def test_missing_model_files_name_their_command(cli: Callable[..., Any], tmp_path: Path) -> None:
    outcome = cli("-s", f"models.folder={tmp_path}", "doctor")
    assert outcome.status == 1
    assert "→ churon models pull qwen2.5-coder-1.5b" in outcome.out
    assert "→ churon models pull multilingual-e5-small" in outcome.out
    assert "2 errors, 1 warning" in outcome.out
    assert not list(tmp_path.glob("**/*.db"))


def test_model_files_that_cannot_load_are_damaged(cli: Callable[..., Any], tmp_path: Path) -> None:
    known = catalogue.entry("qwen2.5-coder-1.5b")
    for name, size in ((known.file, known.bytes), ("own.gguf", 0)):
        (tmp_path / name).touch()
        os.truncate(tmp_path / name, size)  # sparse zeros
    for model, remedy in ((known.name, f"churon models pull {known.name}"), ("own.gguf", "copy")):
        options = ("-s", f"models.folder={tmp_path}", "-s", f"chat.model={model}")
        first, *_ = [f for f in findings(cli(*options, "doctor", "--json")) if f["remedy"]]
        assert (first["check"], first["level"]) == ("model files", "error")
        assert "damaged" in first["message"] and remedy in first["remedy"]


async def test_a_model_of_the_catalogue_without_korean_is_damaged() -> None:
    toolkit = Toolkit(load_settings(preset="embedded"), embeddings=HashingEmbeddings(384))
    [finding] = await korean(toolkit)
    assert finding.level == "error" and "damaged" in finding.message
    assert finding.remedy == "churon models verify multilingual-e5-small"


def findings(outcome: Any) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(outcome.out)["findings"]
    return found


def test_a_check_that_breaks_is_a_finding(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    def burst(_: Any) -> None:
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr("churon.cli.checks.sizes.context", burst)
    findings = look()
    assert findings["context"]["level"] == "error"
    assert "surprise" in findings["context"]["message"]
    assert findings["tracing"]["level"] == "ok"
