"""Texts of sets that are spelt apart, cut within a letter, or hold the bar that parts them."""

from __future__ import annotations

import csv
import json
import tempfile
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.eval_world import CORPUS, World
from support.rows import row as row_of

from churon.evals.datasets.dataset import Dataset
from churon.evals.datasets.load import load
from churon.evals.datasets.texts import barred
from churon.evals.metrics import MEASURES

SHIP = "파도호의 승객 정원은 198명이다. 선장은 한소라이다."
ASKED, ANSWER = "파도호의 선장은 누구인가?", "한소라"


def apart(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def written(path: Path, *records: Any) -> Path:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), "utf-8")
    return path


def beir(folder: Path) -> Path:
    query = {"_id": "q", "text": ASKED, "answers": [ANSWER]}
    query["supporting_sentences"] = [["배.md", "선장은 한소라이다."]]
    folder.mkdir()
    written(folder / "corpus.jsonl", {"_id": apart("배.md"), "text": SHIP})
    return written(folder / "queries.jsonl", query).parent


def squad(folder: Path) -> Path:
    context = apart(SHIP)
    answer = {"text": apart(ANSWER), "answer_start": context.index(apart(ANSWER))}
    asked = {"id": "q", "question": ASKED, "answers": [answer]}
    article = {"title": "배", "paragraphs": [{"context": context, "qas": [asked]}]}
    return written(folder / "s.json", {"data": [article]})


def hotpot(folder: Path) -> Path:
    sentences = [apart("파도호의 승객 정원은 198명이다."), apart(" 선장은 한소라이다.")]
    return written(
        folder / "h.json",
        {
            "_id": "q",
            "question": ASKED,
            "answer": ANSWER,
            "supporting_facts": [["배", 1]],
            "context": [[apart("배"), sentences]],
        },
    )


def musique(folder: Path) -> Path:
    told = {"title": "배", "paragraph_text": apart(SHIP), "is_supporting": True}
    asked = {"id": "q", "question": ASKED, "answer": ANSWER}
    return written(folder / "m.jsonl", {**asked, "paragraphs": [told]})


def table(folder: Path) -> Path:
    path = folder / "mine.csv"
    path.write_text(apart(f"질문,정답,언어\n{ASKED},{ANSWER},한국어\n"), "utf-8")
    return path


@pytest.mark.parametrize("made", [beir, squad, hotpot, musique, table])
def test_korean_that_is_spelt_apart_is_the_same_korean(tmp_path: Path, made: Any) -> None:
    path = made(tmp_path / "set") if made is beir else made(tmp_path)
    for file in path.iterdir() if path.is_dir() else [path]:
        file.write_text(apart(file.read_text("utf-8")), "utf-8")
    found = load(path)
    (case,) = found.cases
    assert (case["question"], case["answers"], case["language"]) == (ASKED, [ANSWER], "ko")
    said = row_of(case, short=ANSWER, answer=ANSWER)
    assert MEASURES["em"].score(said) == 1
    texts = {unicodedata.normalize("NFC", one["id"]): one["text"] for one in found.documents}
    assert set(texts.values()) <= {SHIP}
    for span in case["spans"]:
        assert ANSWER in texts[span["document"]][span["start"] : span["end"]]
    assert bool(case["spans"]) is (made in (beir, squad, hotpot))


def test_what_is_not_korean_in_a_corpus_stays_as_it_is(tmp_path: Path) -> None:
    told = {"title": "", "paragraph_text": "Cafe\u0301 at 5 \u212b.", "is_supporting": True}
    asked = {"id": "q", "question": "Where is Cafe\u0301?", "answer": "5 \u212b"}
    found = load(written(tmp_path / "m.jsonl", {**asked, "paragraphs": [told]}))
    assert found.documents[0]["text"] == "Cafe\u0301 at 5 \u212b."
    assert found.cases[0]["answers"] == ["5 \u00c5"]


def test_yes_and_no_spelt_apart(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    head, line = "question,answer,accept\n", f"{ASKED},아니요,예\n"
    path.write_text(head + apart(line), "utf-8")
    (case,) = load(path).cases
    assert case["truth"] is False and case["tags"] == []


def bars(path: Path, cell: str) -> list[str]:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["question", "answer"], ["Q?", cell]])
    return load(path).cases[0]["answers"]


@pytest.mark.parametrize(
    ("cell", "answers"),
    [
        (r"P(A\|B)", ["P(A|B)"]),
        (r"P(A\|B) | P(A, B)", ["P(A|B)", "P(A, B)"]),
        ("a | b|c", ["a", "b", "c"]),
        (r"C:\data | D:\ | \n", ["C:\\data", "D:\\", r"\n"]),
        (r"\\|x\\|", [r"\|x\|"]),
    ],
)
def test_bars_of_a_cell(tmp_path: Path, cell: str, answers: list[str]) -> None:
    assert bars(tmp_path / "mine.csv", cell) == answers
    one = {"question": "Q?", "answer": cell}
    assert load(written(tmp_path / "mine.jsonl", one)).cases[0]["answers"] == answers


@given(st.lists(st.text("ab|\\ ", min_size=1).map(str.strip).filter(bool), min_size=1, unique=True))
def test_parts_are_what_was_joined(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert bars(Path(folder) / "mine.csv", " | ".join(map(barred, texts))) == texts


def test_a_json_list_is_taken_as_it_is(tmp_path: Path) -> None:
    one = {"question": "Q?", "answers": ["P(A|B)", r"\|x\|"], "documents": ["a|b.md"], "tags": []}
    one["spans"] = ["a|b.md:3-7"]
    (case,) = load(written(tmp_path / "mine.jsonl", one)).cases
    assert case["answers"] == ["P(A|B)", r"\|x\|"] and case["relevant"] == {"a|b.md": 1}
    assert case["spans"] == [{"document": "a|b.md", "start": 3, "end": 7}]


def halved(folder: Path, **record: Any) -> Dataset:
    folder.joinpath("mine.jsonl").write_text(json.dumps(record))
    return load(folder / "mine.jsonl")


@pytest.mark.parametrize("named", [{}, {"id": "a\ud83d"}])
def test_half_a_surrogate_pair_is_a_question_mark(tmp_path: Path, named: dict[str, str]) -> None:
    told: dict[str, Any] = {"question": "What is \ud83d \U0001f600?", "answer": ["x\ude00"]}
    found = halved(tmp_path, **named, **told, tags=["t\ud83d"], spans=["d\ud83d:1-2"])
    (case,) = found.cases
    assert case["question"] == "What is ? \U0001f600?" and case["answers"] == ["x?"]
    assert json.dumps(case, ensure_ascii=False).encode("utf-8")


def test_half_a_surrogate_pair_in_a_list_and_a_corpus(tmp_path: Path) -> None:
    (tmp_path / "l.json").write_text(json.dumps([{"question": "Q\ud83d?", "answer": "x"}]))
    assert load(tmp_path / "l.json").cases[0]["question"] == "Q??"
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "corpus.jsonl").write_text(json.dumps({"_id": "d\ud83d", "text": "It \ud83d"}))
    (folder / "queries.jsonl").write_text(json.dumps({"_id": "q\ud83d", "text": "Q?"}))
    (folder / "qrels.tsv").write_text("q?\td?\t1\n")
    found = load(folder)
    assert found.documents == ({"id": "d?", "title": "", "text": "It ?"},)
    assert found.cases[0]["relevant"] == {"d?": 1}


async def test_rows_of_a_question_cut_within_a_letter_are_its_rows(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.run("two_stage", n=1)
    assert CORPUS.keys() <= world.store.held.keys()
    world.output.unlink()
    world.set = tmp_path / "mine.jsonl"
    asked = {"id": "a", "question": "Who leads the Lumen \ud83d", "answer": "Han", "document": "d2"}
    world.set.write_text(json.dumps(asked))
    assert await world.run("two_stage") == 0
    before = world.output.read_text("utf-8")
    assert await world.run("two_stage") == 0
    assert world.output.read_text("utf-8") == before
