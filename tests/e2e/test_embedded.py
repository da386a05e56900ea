"""The real thing, small: 0.5B model, e5, Milvus Lite, the bundled samples, both languages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

import churon
from churon.cli.ingest import manifest_path
from churon.tools.ingest.pipeline import ingest
from churon.tools.korean import detect_language

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "documents"
pytestmark = [pytest.mark.models, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def toolkit(
    models_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[churon.Toolkit]:
    """The embedded preset with the quick model, over the ingested samples."""
    for file in ("e5-small-q4.bin", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"):
        if not (models_folder / file).is_file():
            pytest.skip("no model files: run `churon models pull --quick`")
    folder = tmp_path_factory.mktemp("store")
    settings = churon.load_settings(
        chat={"model": "qwen2.5-coder-0.5b", "context_length": 4096, "slots": 2},
        store={"uri": str(folder / "milvus.db")},
        models={"folder": str(models_folder)},
        context={"k1": 8, "k2": 2, "max_rewrites": 0, "answer_tokens": 48, "w_use": 0.0},
    )
    async with churon.Toolkit(settings) as opened:
        store = await opened.store()
        manifest = manifest_path(settings)
        report = await ingest([SAMPLES], store, settings.ingest, manifest=manifest)
        assert report.failed == 0 and report.new == 6
        again = await ingest([SAMPLES], store, settings.ingest, manifest=manifest)
        assert again.unchanged == 6
        yield opened


@pytest.mark.parametrize(
    ("question", "document", "words"),
    [
        ("Who founded Marunuri Ferry?", "history.en.md", "Yoon Bok-hee"),
        ("파도호의 승객 정원은 몇 명입니까?", "annual-report-2024.pdf", "198"),
    ],
)
async def test_a_question_is_answered_from_the_right_passage(
    toolkit: churon.Toolkit, question: str, document: str, words: str
) -> None:
    output = await churon.ask(question, toolkit=toolkit)
    bearing = [p for p in output["evidence"].values() if words in p["text"]]
    assert any(p["document"].endswith(document) for p in bearing)
    assert output["usage"]["calls"] > 0 and not output["stop_reason"].startswith("budget")
    assert output["language"] == detect_language(question)
    for claim in output["claims"]:
        assert set(claim["evidence_ids"]) <= set(output["evidence"])
        assert claim["support_score"] is not None
    # log-probabilities were read: no fallback of the critic was needed
    assert not [fallback for fallback in output["degraded"] if fallback.startswith("critic")]


@pytest.mark.parametrize("graph", ["cot_rag", "mcts_rag"])
async def test_reasoning_graphs_run_on_the_real_model(toolkit: churon.Toolkit, graph: str) -> None:
    # a 0.5B model plans badly: tested is that real JSON, log-probs and passages fit together
    context = {"rollouts": 1, "leaves": 1, "max_replans": 0, "max_hops": 0}
    question = "Who founded Marunuri Ferry?"
    output = await churon.ask(question, graph, toolkit=toolkit, context=context)
    kinds = {step["step"] for step in output["steps"]}
    assert {"plan", "result"} <= kinds or {"tree", "rollouts"} <= kinds
    assert any("Yoon Bok-hee" in passage["text"] for passage in output["evidence"].values())
    assert output["status"] != "budget_exhausted" and output["usage"]["calls"] >= 3
    # schemas were taken and log-probabilities read: no fallback was needed
    assert not [entry for entry in output["degraded"] if entry.startswith(("schema", "critic"))]


async def test_two_stage_streams_its_answer(toolkit: churon.Toolkit) -> None:
    tokens, output = "", None
    async for event in churon.stream("Who founded Marunuri Ferry?", "two_stage", toolkit=toolkit):
        if event["kind"] == "token":
            tokens += event["text"]
        elif event["kind"] == "output":
            output = event["output"]
    assert output is not None and tokens.strip()
    assert output["usage"]["calls"] <= 2
    assert any("Yoon Bok-hee" in passage["text"] for passage in output["evidence"].values())
