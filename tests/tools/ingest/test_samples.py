"""The bundled samples: readable, referenced rightly, and the PDF says what its source says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.hashing import HashingEmbeddings

from churon.tools.ingest.load import load
from churon.tools.ingest.pipeline import ingest
from churon.tools.settings import IngestSettings, StoreSettings
from churon.tools.store import Store

SAMPLES = Path(__file__).parents[3] / "samples"


def test_the_pdf_has_its_source_as_text_layer() -> None:
    document = load(SAMPLES / "documents" / "annual-report-2024.pdf", IngestSettings())
    source = (SAMPLES / "annual-report-2024.txt").read_text("utf-8")
    assert "".join(document.text.split()) == "".join(source.replace("---\n", "").split())
    assert len(document.pages) == 4
    assert document.title.startswith("마루누리해운 2024년 연차 보고서")


def test_questions_name_documents_that_exist() -> None:
    lines = (SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    names = {path.name for path in (SAMPLES / "documents").iterdir()}
    assert names == {name for row in rows for name in row["documents"]}
    assert {row["kind"] for row in rows} == {"single", "join", "unanswerable"}
    for row in rows:
        assert (len(row["documents"]) >= 2) == (row["kind"] == "join")
        assert bool(row["answer"]) == (row["kind"] != "unanswerable")


async def test_into_a_real_store_and_back(tmp_path: Path) -> None:
    settings = StoreSettings(uri=str(tmp_path / "milvus.db"))
    manifest = tmp_path / "manifest.sqlite"
    store = Store.open(settings, HashingEmbeddings(64), 64)
    try:
        folder = SAMPLES / "documents"
        first = await ingest([folder], store, IngestSettings(), manifest=manifest)
        assert first.new == 6 and first.failed == 0
        assert await store.count() == sum(document.chunks for document in first.documents)
        second = await ingest([folder], store, IngestSettings(), manifest=manifest)
        assert second.unchanged == 6
        (hit, *_) = await store.search("파도호의 정원은 승객 198명", k=3, ef=64, mode="bm25")
        assert hit.metadata["page"] == 2
        report = load(folder / "annual-report-2024.pdf", IngestSettings())
        assert report.text[hit.metadata["start"] : hit.metadata["end"]] == hit.page_content
    finally:
        store.close()


@pytest.mark.parametrize("name", ["crew-handbook.ko.md", "fares.ko.html"])
def test_korean_samples_have_sections(name: str) -> None:
    document = load(SAMPLES / "documents" / name, IngestSettings())
    assert len(document.headings) >= 4
