"""Sets in BEIR's shape as they are found: gaps, judgements in other spellings, languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from churon.evals.datasets.load import load
from churon.tools.errors import InputError

OPEN, SHUT = {"_id": "a", "title": "", "text": "Open."}, {"_id": "b", "title": "Shut", "text": ""}
EMPTY = {"_id": "c", "title": "", "text": " "}
ASKED = [{"_id": "1", "text": "Open?"}, {"_id": "2", "text": "Shut?"}]
JUDGED = "1\ta\t1\n2\tb\t1\n"


def written(
    folder: Path, corpus: Any = (OPEN, SHUT), judged: str = JUDGED, queries: Any = ASKED
) -> Path:
    for name, records in (("corpus", corpus), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, records)))
    (folder / "qrels.tsv").write_text(judged)
    return folder


def test_documents_without_text_are_left_out(tmp_path: Path) -> None:
    found = load(written(tmp_path, [EMPTY, OPEN, SHUT, EMPTY]))
    assert [one["id"] for one in found.documents] == ["a", "b"]
    assert found.left_out == {"documents without text": 2}
    assert load(written(tmp_path)).left_out == {}


def test_a_corpus_without_any_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"corpus\.jsonl', line 1: the field 'text' .* all") as no:
        load(written(tmp_path, [EMPTY, EMPTY]))
    assert no.value.remedy


@pytest.mark.parametrize(
    "judged",
    [
        "1\ta\t1.0\n2\tb\t2\n",
        "1\ta\t1\n2\tb\t2.0\n",
        "1 \t a\t1\n2\tb \t2 \n",
        "query-id\tcorpus-id\tscore\n1\ta\t1.0\n2\tb\t2.0\n",
        "1\ta\t1\n1\tb\t-1\n2\tb\t2\n",
    ],
)
def test_no_judgement_is_lost(tmp_path: Path, judged: str) -> None:
    found = load(written(tmp_path, judged=judged))
    assert [case["relevant"] for case in found.cases] == [{"a": 1}, {"b": 2}]
    assert found.left_out == {}


@pytest.mark.parametrize("score", ["0.5", "1.5", "nan", "²"])
def test_scores_that_are_no_whole_number(tmp_path: Path, score: str) -> None:
    for line, judged in ((1, f"1\ta\t{score}\n2\tb\t1\n"), (2, f"2\tb\t1\n1\ta\t{score}\n")):
        if line == 1 and score == "²":  # no number at all: a header
            continue
        with pytest.raises(InputError, match=f"line {line}: .*whole-number score"):
            load(written(tmp_path, judged=judged))


@pytest.mark.parametrize(
    ("said", "language"),
    [("ko-KR", "ko"), ("en_US", "en"), ("EN", "en"), ("Korean", "ko"), ("", "en"), (None, "en")],
)
def test_languages(tmp_path: Path, said: str | None, language: str) -> None:
    (case, _) = load(written(tmp_path, queries=[{**ASKED[0], "lang": said}, ASKED[1]])).cases
    assert case["language"] == language
    table = tmp_path / "mine.csv"
    table.write_text(f"question,answer,language\nOpen?,x,{said or ''}\n")
    assert load(table).cases[0]["language"] == language


@pytest.mark.parametrize("said", ["de", "de-KO", "enm", "-ko"])
def test_a_language_that_nothing_is_asked_in(tmp_path: Path, said: str) -> None:
    queries = [ASKED[0], {**ASKED[1], "lang": said}]
    with pytest.raises(InputError, match=f"line 2: the field 'lang' is '{said}'.*en or ko"):
        load(written(tmp_path, queries=queries))


def test_sentences_that_are_no_texts_are_passed_over(tmp_path: Path) -> None:
    sentences = [[["a"], "Open."], ["a", 3], ["a"], 5, ["a", "Open."]]
    queries = [{**ASKED[0], "supporting_sentences": sentences}, ASKED[1]]
    (case, _) = load(written(tmp_path, queries=queries)).cases
    assert case["spans"] == [{"document": "a", "start": 0, "end": 5}]


def test_a_folder_has_its_whole_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [tmp_path / "nq-1.0", tmp_path / "nq-1.1"]
    for folder in folders:
        folder.mkdir()
        written(folder)
    assert [load(one).name for one in folders] == ["nq-1.0", "nq-1.1"]
    monkeypatch.chdir(folders[0])
    written(tmp_path)
    names = {".": "nq-1.0", "../nq-1.1": "nq-1.1", "..": tmp_path.name}
    assert {way: load(Path(way)).name for way in names} == names
    (tmp_path / "mine.v2.csv").write_text("question,answer\nOpen?,yes\n")
    assert load(tmp_path / "mine.v2.csv").name == "mine.v2"
