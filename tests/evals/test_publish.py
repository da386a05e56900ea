"""Rows sent to Langfuse, by its own SDK to a server on loopback, and to W&B's offline folders."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.eval_rows import VARIANTS, made
from support.langfuse_server import ITEMS, SCORES, TRACES, LangfuseServer, langfuse_server

from churon.cli.evals.publish import run
from churon.evals.judge.asking import By
from churon.evals.sinks import Outcome, publish
from churon.evals.types import Row
from churon.tools.errors import InputError, SettingsError
from churon.tools.settings import Settings, load_settings

CASES = 4
EXPERIMENT = "langfuse.experiment"


@pytest.fixture
def server() -> Iterator[LangfuseServer]:
    from langfuse._client.resource_manager import LangfuseResourceManager

    with langfuse_server() as running:
        yield running
        LangfuseResourceManager.reset()


@pytest.fixture
def rows() -> list[Row]:
    return made(CASES)


def settings(server: LangfuseServer | None = None, **trace: Any) -> Settings:
    keys = {"public_key": "pk-lf-rows", "secret_key": "sk-lf-rows", "timeout": 2}
    langfuse = {**keys, "host": server.url} if server else {}
    return load_settings(None, langfuse=langfuse, trace=trace)


def written(path: Path, rows: Sequence[Row]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_a_collectors_headers_are_not_for_langfuse(
    server: LangfuseServer, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS")
    for name in names:
        monkeypatch.setenv(name, "x-collector=secret")
    publish(rows, sink="langfuse", settings=settings(server), project="harbour")
    assert server.spans and "secret" not in str(server.headers)
    assert all(os.environ[name] == "x-collector=secret" for name in names)


def test_a_case_is_an_item_and_a_variant_an_experiment(
    server: LangfuseServer, rows: list[Row]
) -> None:
    outcome = publish(rows, sink="langfuse", settings=settings(server), project="harbour")
    assert (outcome.rows, outcome.failed) == (len(rows), "")
    assert len(outcome.places) == 2 * len(VARIANTS)
    assert all("/experiments/results?baseline=" in place for place in outcome.places)
    assert set(server.datasets) == {"harbour/harbour-en", "harbour/harbour-ko"}
    assert len(server.items) == CASES
    asked = {item["input"]["question"] for item in server.items.values()}
    assert asked == {row["case"]["question"] for row in rows}
    tasks = [span for span in server.spans if span["name"] == "experiment-item-task"]
    assert len(tasks) == len(rows)
    assert {span[f"{EXPERIMENT}.item.id"] for span in tasks} == set(server.items)
    answered = {one["answer"] for one in rows if "answer" in one}
    outputs = [json.loads(span["langfuse.observation.output"]) for span in tasks]
    assert {one["answer"] for one in outputs if "answer" in one} == answered
    read = [one["text"] for row in rows for one in row.get("read", [])]
    sent = json.dumps(server.spans, ensure_ascii=False, default=str)
    assert read and not any(text[:30] in sent for text in read)  # passages go by their ids


def test_places_hold_no_password(server: LangfuseServer, rows: list[Row]) -> None:
    host = server.url.replace("//", "//me:word@")
    given = settings(server).langfuse.model_copy(update={"host": host})
    made = settings(server).model_copy(update={"langfuse": given})
    outcome = publish(rows, sink="langfuse", settings=made)
    assert outcome.rows == len(rows) and outcome.places
    assert all(place.startswith(f"{server.url}/") for place in outcome.places)


def test_metrics_are_scores_of_traces_and_of_experiments(
    server: LangfuseServer, rows: list[Row]
) -> None:
    publish(rows, sink="langfuse", settings=settings(server))
    traces = {span["trace"] for span in server.spans}
    mine = [one for one in server.scores if "traceId" in one]
    assert {one["traceId"] for one in mine} <= traces
    seconds = sorted(one["value"] for one in mine if one["name"] == "seconds")
    assert seconds == sorted(row["seconds"] for row in rows if "error" not in row)
    whole = {one["name"] for one in server.scores if "datasetRunId" in one}
    assert {"evidence recall", "calls", "p95 seconds"} <= whole


def test_judgements_are_sent_with_the_judges_name(server: LangfuseServer, rows: list[Row]) -> None:
    by = By("openai:large", "p1")
    judged: Any = [{**one, "judge": by.judgement(one, 0.9)} for one in rows]
    publish(judged, sink="langfuse", settings=settings(server))
    mine = [one for one in server.scores if one["name"] == "judged"]
    assert {one["value"] for one in mine if "traceId" in one} == {
        0,
        1,
    } and "openai:large" in json.dumps(server.spans)


def test_what_tracing_hides_is_hidden_here(server: LangfuseServer, rows: list[Row]) -> None:
    hidden = settings(server, hide=["question", "answer"], redact=["register-[\\w-]+"])
    publish(rows, sink="langfuse", settings=hidden)
    sent = json.dumps([list(server.items.values()), server.spans], ensure_ascii=False)
    assert not [row for row in rows if row["case"]["question"] in sent]
    assert not [row for row in rows if row.get("answer") and row["answer"] in sent]


@pytest.mark.parametrize("address", [ITEMS, SCORES, TRACES])
def test_a_failing_sink_is_told_once_and_loses_no_row(
    server: LangfuseServer,
    rows: list[Row],
    address: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.refused = {address}
    path = written(tmp_path / "rows.jsonl", rows)
    before = path.read_bytes()
    assert run(settings(server), [path], "langfuse", "churon") == 1
    said = capsys.readouterr()
    assert said.err.count("did not take the rows") == 1 and said.err.count("\n") == 1
    assert path.read_bytes() == before
    assert f"published: 0 of {len(rows)} rows" in said.out


def test_rows_that_are_left_out_are_told(
    rows: list[Row], tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("churon.cli.evals.publish.publish", lambda rows, **_: Outcome(len(rows)))
    path = written(tmp_path / "rows.jsonl", rows)
    path.write_text(path.read_text() + '{"torn')
    assert run(settings(), [path], "langfuse", "harbour") == 0
    said = capsys.readouterr()
    assert "1 lines could not be read" in said.err and f"of {len(rows)} rows" in said.out


def test_keys_packages_and_names_are_asked_for(
    rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match="keys"):
        publish(rows, sink="langfuse", settings=settings())
    with pytest.raises(InputError, match="langfuse or wandb"):
        publish(rows, sink="mlflow", settings=settings())
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(SettingsError, match=r"churon\[wandb\]"):
        publish(rows, sink="wandb", settings=settings())


def test_wandb_offline_writes_a_run_a_variant(rows: list[Row], tmp_path: Path) -> None:
    pytest.importorskip("wandb", reason="no wandb: pip install 'churon[wandb]'")
    english = [row for row in rows if row["case"]["language"] == "en"]
    path = written(tmp_path / "rows.jsonl", english)
    quiet = {"WANDB_MODE": "offline", "WANDB_DIR": str(tmp_path), "WANDB_ERROR_REPORTING": "false"}
    done = subprocess.run(  # its service and its warnings stay in a process of their own
        [sys.executable, "-m", "churon", "eval", "publish", str(path), "--to", "wandb"],
        env={**os.environ, **quiet}, cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"published: {len(english)} of {len(english)} rows" in done.stdout
    folders = sorted((tmp_path / "wandb").glob("offline-run-*"))
    assert len(folders) == len(VARIANTS)
    assert {line for line in done.stdout.splitlines() if "offline" in line} == set(
        map(str, folders)
    )
    assert all(list(folder.glob("run-*.wandb")) for folder in folders)
    held = b"".join(one.read_bytes() for folder in folders for one in folder.glob("run-*.wandb"))
    for word in (b"evidence recall", b"p95 seconds", b"mcts_deep", b"harbour-en", b"5d1e0c7a"):
        assert word in held
    tables = [
        json.loads(one.read_text("utf-8")) for one in (tmp_path / "wandb").rglob("*.table.json")
    ]
    questions = {line[1] for table in tables for line in table["data"]}
    assert questions == {row["case"]["question"] for row in english}
