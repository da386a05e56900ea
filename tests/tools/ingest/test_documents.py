"""Every development document gets the outcome that its manifest line expects."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import pytest
from support.passage_store import FileStore

from churon.tools.ingest.pipeline import ingest
from churon.tools.ingest.report import DocumentReport, IngestReport
from churon.tools.settings import IngestSettings

pytestmark = pytest.mark.shared

REFUSED = {
    "nasty/scanned_no_text.pdf": ("failed", "OCR"),
    "nasty/corrupted.pdf": ("failed", "no pdf"),
    "nasty/empty_page.pdf": ("skipped", "no content"),
    "nasty/password.pdf": ("failed", "encrypted"),
    "nasty/empty.txt": ("skipped", "0 bytes"),
    "nasty/random.docx": ("failed", "no docx"),
    "nasty/bomb_200MiB.zip": ("failed", "expand to 209715200 bytes"),
    "nasty/entity_expansion.xml": ("skipped", "not read"),
}
CONTAINS = {
    "ko/async.docx": "동시성",
    "ko/features.html": "보안과 인증",
    "ko/alternatives.pdf": "의존성 주입",
    "ko/nars_issue_brief_4p.pdf": "재해보험금",
    "ko/korquad_site_1.0_KOR.html": "한국어",
    "ko/minimal_body_table.hwp": "표 자동 채우기",
    "en/word_processor_history_5p.pdf": "word processor",
    "en/faa_amt_handbook_page.pdf": "wing",
    "en/word_sample.docx": "Food | Calories per portion",
    "en/wikipedia_duck.html": "Anatidae",
    "en/powerpoint_sample.pptx": "Second slide title",
    "nasty/latin_cp1252.html": "köstlich",
    "nasty/shift_jis.csv": "名前: 佐藤太郎",
    "nasty/malformed_slides.pptx": "Test Slide",
    "nasty/pdf_named.txt": "word processor",
    "nasty/docx_named.pdf": "Lorem ipsum",
    "nasty/euc_kr.txt": "첫걸음",
    "nasty/cp949_says_utf8.html": "첫걸음",
    "nasty/nfd_hangul.md": unicodedata.normalize("NFC", "첫걸음"),
    "nasty/inflated_sheet.xlsx": "header: second",
    "injection/00_end.txt": "STRIPE",
}
PAGED = {
    "ko/alternatives.pdf",
    "ko/nars_issue_brief_4p.pdf",
    "en/faa_amt_handbook_page.pdf",
    "en/word_processor_history_5p.pdf",
    "en/powerpoint_sample.pptx",
    "nasty/malformed_slides.pptx",
    "nasty/pdf_named.txt",
}


@pytest.fixture(scope="module")
def ingested(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[IngestReport, FileStore, Path]:
    folder = shared_data / "docs"
    work = tmp_path_factory.mktemp("ingested")
    store = FileStore(work / "store.json")
    manifest = work / "manifest.db"
    report = asyncio.run(ingest([folder], store, IngestSettings(), manifest=manifest))
    return report, store, folder


def test_each_file_has_its_outcome(ingested: tuple[IngestReport, FileStore, Path]) -> None:
    report, _, folder = ingested
    by_name = {Path(d.path).relative_to(folder).as_posix(): d for d in report.documents}
    for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines():
        name = json.loads(line)["file"].removeprefix("docs/")
        outcome, reason = REFUSED.get(name, ("new", ""))
        assert (by_name[name].outcome, name) == (outcome, name)
        assert reason in by_name[name].error
        assert (by_name[name].chunks > 0) == (outcome == "new")
    assert report.failed == sum(outcome == "failed" for outcome, _ in REFUSED.values())


def test_texts_are_readable_and_bounded(ingested: tuple[IngestReport, FileStore, Path]) -> None:
    _, store, folder = ingested
    texts: dict[str, list[str]] = {}
    for row in store.rows.values():
        name = Path(row["metadata"]["document"]).relative_to(folder).as_posix()
        texts.setdefault(name, []).append(row["text"])
        assert len(row["text"]) <= IngestSettings().chunk_chars
        assert (row["metadata"].get("page", 0) >= 1) == (name in PAGED)
    for name, words in CONTAINS.items():
        assert any(words in text for text in texts[name]), name
    rows = texts["nasty/klue_nli_3000_rows.csv"]
    assert sum("premise:" in text for text in rows) == 3_000 > 0.99 * len(rows)
    (seen,) = texts["nasty/hidden_elements.html"]
    assert seen.count("NOT be extracted") == seen.count('"collapse" and should NOT') == 1
    assert any("```" in text for text in texts["ko/tutorial_first-steps.md"])


async def test_the_second_run_reads_and_writes_nothing(
    ingested: tuple[IngestReport, FileStore, Path],
) -> None:
    first, store, folder = ingested
    written = len(store.upserted)
    manifest = store.path.with_name("manifest.db")
    second = await ingest([folder], store, IngestSettings(), manifest=manifest)
    assert len(store.upserted) == written and not store.deleted
    assert _outcomes(second.documents) == {
        path: "unchanged" if outcome == "new" else outcome
        for path, outcome in _outcomes(first.documents).items()
    }


def _outcomes(documents: Iterable[DocumentReport]) -> dict[str, str]:
    return {document.path: document.outcome for document in documents}
