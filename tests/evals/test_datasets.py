"""Readers of sets: each format found by its content, and what they make of it."""

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churon.evals.datasets.dataset import Dataset
from churon.evals.datasets.files import cells, harmless
from churon.evals.datasets.load import load

MUSIQUE = {
    "id": "2hop__1_2",
    "question": "Who leads the town of the bridge?",
    "answer": "Sora Han",
    "answer_aliases": ["Han Sora"],
    "answerable": True,
    "paragraphs": [
        {"title": "Bridge", "paragraph_text": "It stands in Aren.", "is_supporting": True},
        {"title": "Mill", "paragraph_text": "Built in 1898.", "is_supporting": False},
    ],
}
HOTPOT = {
    "_id": "h1",
    "question": "Is the bridge in Aren?",
    "answer": "yes",
    "type": "comparison",
    "level": "hard",
    "supporting_facts": [["Bridge", 1]],
    "context": [["Bridge", ["It is long.", " It stands in Aren."]], ["Mill", ["Old."]]],
}
SQUAD = {
    "version": "v2.0",
    "data": [
        {
            "title": "Halden_bridge",
            "paragraphs": [
                {
                    "context": " The bridge stands in Aren.",
                    "qas": [
                        {
                            "id": "s1",
                            "question": "Where does it stand?",
                            "answers": [{"text": "Aren", "answer_start": 22}],
                        },
                        {
                            "id": "s2",
                            "question": "Who built it?",
                            "is_impossible": True,
                            "answers": [],
                        },
                    ],
                }
            ],
        }
    ],
}
KORQUAD = {
    "version": "KorQuAD_v1.0_dev",
    "data": [
        {
            "title": "파도호",
            "paragraphs": [
                {
                    "context": "파도호의 정원은 198명이다.",
                    "qas": [
                        {
                            "id": "k1",
                            "question": "파도호의 정원은 몇 명인가?",
                            "answers": [{"text": "198명", "answer_start": 9}],
                        }
                    ],
                }
            ],
        }
    ],
}


def written(path: Path, value: Any) -> Path:
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return path


def rows(*values: Any) -> str:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def beir(folder: Path, queries: str, qrels: str = "query-id\tcorpus-id\tscore\n") -> Path:
    corpus = rows({"_id": "d1", "title": "Bridge", "text": "It is old. It stands in Aren."})
    written(folder / "corpus.jsonl", corpus)
    written(folder / "queries.jsonl", queries)
    written(folder / "qrels.tsv", qrels)
    return folder


def test_beir_with_its_extra_fields(tmp_path: Path) -> None:
    asked = rows(
        {
            "_id": "q1",
            "text": "Where?",
            "answers": ["Aren"],
            "hops": 1,
            "type": "bridge",
            "supporting_sentences": [["d1", "It stands in Aren."], ["d9", "?"], ["d1", "No."]],
        },
        {"_id": "q2", "text": "어디인가?", "answerable": False, "answers": []},
        {"_id": "q3", "text": "Nothing known?"},
    )
    found = load(beir(tmp_path, asked, "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n"))
    first, second = found.cases
    assert (first["relevant"], first["tags"]) == ({"d1": 2}, ["bridge", "1hop"])
    assert first["spans"] == [{"document": "d1", "start": 11, "end": 29}]
    assert (second["language"], second["answerable"]) == ("ko", False)
    assert found.left_out == {"neither judged nor answered": 1}
    assert found.documents[0]["id"] == "d1"


@pytest.mark.parametrize("whole", [True, False])
def test_hotpotqa_distractor(tmp_path: Path, whole: bool) -> None:
    text = json.dumps([HOTPOT], indent=1) if whole else rows(HOTPOT)
    found = load(written(tmp_path / "hotpot.json", text))
    (case,) = found.cases
    assert case["truth"] is True and case["tags"] == ["comparison", "hard"]
    (key,) = case["relevant"]
    (span,) = case["spans"]
    (bridge,) = [one for one in found.documents if one["id"] == key]
    assert bridge["text"][span["start"] : span["end"]] == "It stands in Aren."


def test_hotpotqa_fullwiki_without_a_paragraph_of_its_evidence(tmp_path: Path) -> None:
    lacking = {**HOTPOT, "supporting_facts": [["Bridge", 0], ["Aren", 0]]}
    (case,) = load(written(tmp_path / "f.json", [lacking])).cases
    assert case["relevant"] == {} and "evidence_missing" in case["tags"]


def test_hotpotqa_as_mirrors_have_it(tmp_path: Path) -> None:
    mirrored = {
        **HOTPOT,
        "context": {"title": ["Bridge"], "sentences": [["It stands in Aren."]]},
        "supporting_facts": {"title": ["Bridge"], "sent_id": [0]},
    }
    (case,) = load(written(tmp_path / "m.jsonl", rows(mirrored))).cases
    assert len(case["relevant"]) == 1


def test_musique(tmp_path: Path) -> None:
    lost = {**MUSIQUE, "id": "3hop1__1_2_3", "answerable": False}
    again = {**MUSIQUE, "answerable": False}
    found = load(written(tmp_path / "m.jsonl", rows(MUSIQUE, lost, again)))
    first, second = found.cases
    assert first["answers"] == ["Sora Han", "Han Sora"] and len(first["relevant"]) == 1
    assert first["answerable"] and first["tags"] == ["2hop"]
    assert not second["answerable"] and second["answers"] == []
    assert len(found.documents) == 2


def test_squad(tmp_path: Path) -> None:
    found = load(written(tmp_path / "s.json", SQUAD))
    (document,) = found.documents
    first, second = found.cases
    (span,) = first["spans"]
    assert document["text"][span["start"] : span["end"]] == "Aren"
    assert document["title"] == "Halden bridge"
    assert not second["answerable"] and second["relevant"] == {}


@pytest.mark.parametrize("form", [None, "korquad"])
def test_korquad(tmp_path: Path, form: str | None) -> None:
    (case,) = load(written(tmp_path / "k.json", KORQUAD), form).cases
    assert case["language"] == "ko" and case["answers"] == ["198명"] and case["spans"]


TABLE = (
    "question,answer,document,language,answerable,accept,spans\r\n"
    "파도호의 정원은?,198명 | 198,안내.md,ko,,yes,안내.md:3-7\r\n"
    '"Who signs, and when?",,,en,no,,\r\n'
    "Left out?,x,a.md,en,,no,\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_a_users_csv_in_korean_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(TABLE.encode(encoding))
    found = load(path)
    first, second = found.cases
    assert first["answers"] == ["198명", "198"] and first["relevant"] == {"안내.md": 1}
    assert first["spans"] == [{"document": "안내.md", "start": 3, "end": 7}]
    assert first["tags"] == [] and second["tags"] == ["unreviewed"]
    assert not second["answerable"] and second["question"] == "Who signs, and when?"
    assert found.left_out == {"not accepted": 1} and found.documents == ()


def test_a_users_json_lines(tmp_path: Path) -> None:
    row = {"question": "Is it open?", "truth": True, "documents": ["a.md", "b.md"]}
    (case,) = load(written(tmp_path / "mine.jsonl", rows(row))).cases
    assert case["truth"] is True and case["relevant"] == {"a.md": 1, "b.md": 1}


@pytest.mark.parametrize(
    ("answer", "truth"),
    [
        *((one, True) for one in ("예", "네", "참", "사실", "Yes.", "true")),
        *((one, False) for one in ("아니요", "아니오", "거짓", "no")),
        *((one, None) for one in ("x", "O", "1", "y", "네 명", "노")),
    ],
)
def test_which_answers_are_yes_or_no(tmp_path: Path, answer: str, truth: bool | None) -> None:
    table = f"question,answer\n주차가 가능합니까?,{answer}\n"
    (case,) = load(written(tmp_path / "mine.csv", table)).cases
    assert case["truth"] is truth


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=1, max_size=4))
def test_no_cell_is_a_formula_and_all_are_read_back(texts: list[str]) -> None:
    for text in [*texts, *(f"{first}{texts[0]}" for first in "=+-@'")]:
        cell = harmless(text)
        assert not cell.startswith(("=", "+", "-", "@"))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "q.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([["question", "x"], [cell, "1"]])
            (fields,) = cells(path)
            assert fields.values["question"] == text or text.startswith("'")


@pytest.mark.parametrize("header", ["", "query-id\tcorpus-id\tscore\n"])
def test_judgements_need_no_header(tmp_path: Path, header: str) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    written(folder / "corpus.jsonl", rows({"_id": "d1", "text": "It is open."}))
    written(folder / "queries.jsonl", rows({"_id": "1", "text": "Is it open?"}))
    written(folder / "qrels.tsv", f"{header}1\td1\t2\n")
    (case,) = load(folder).cases
    assert case["relevant"] == {"d1": 2}


def test_a_larger_sample_contains_the_smaller(tmp_path: Path) -> None:
    asked = rows(*({"question": f"Q{n}?", "answer": "x"} for n in range(30)))
    found = load(written(tmp_path / "q.jsonl", asked))
    few, many = found.sample(5, 7).cases, found.sample(20, 7).cases
    assert many[:5] == few and len(many) == 20
    assert found.sample(5, 8).cases != few
    assert len(found.sample(None, 7).cases) == 30


def test_the_corpus_hash_does_not_know_the_order() -> None:
    a, b = ({"id": i, "title": "", "text": i} for i in "ab")
    one = Dataset("s", (a, b), ())  # type: ignore[arg-type]
    other = Dataset("s", (b, a), ())  # type: ignore[arg-type]
    assert one.corpus_hash() == other.corpus_hash() != Dataset("s", (), ()).corpus_hash()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "documents", "cases"),
    [
        ("en_multihop_hotpotqa", 1_000, 100),
        ("en_multihop_musique", 1_890, 100),
        ("en_singlehop_squad2", 1_283, 200),
        ("ko_singlehop_korquad", 1_961, 150),
        ("ko_multihop_strategyqa", 2_877, 100),
        ("en_ir_scifact", 2_500, 150),
    ],
)
def test_the_shared_sets(shared_data: Path, name: str, documents: int, cases: int) -> None:
    found = load(shared_data / name)
    assert (len(found.documents), len(found.cases)) == (documents, cases)
    held = {one["id"] for one in found.documents}
    assert all(set(case["relevant"]) <= held for case in found.cases)
    assert all(case["language"] == name[:2] for case in found.cases)
