"""A bad file is one error: which file, which line, which field, and what to do about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from churon.evals.datasets.load import load
from churon.tools.errors import InputError

GOOD = json.dumps({"question": "Where?", "answer": "Aren"})


def squad(paragraph: object) -> str:
    return json.dumps({"data": [{"title": "T", "paragraphs": [paragraph]}]})


def hotpot(**given: object) -> str:
    facts, context = [["T", 0]], [["T", ["s"]]]
    record = {"_id": "a", "question": "q", "answer": "a"}
    return json.dumps([{**record, "supporting_facts": facts, "context": context, **given}])


def musique(question: str, answerable: bool = True) -> str:
    record = {"id": "2hop__1", "question": question, "answer": "a", "answerable": answerable}
    told = {"title": "t", "paragraph_text": "p", "is_supporting": True}
    return json.dumps({**record, "paragraphs": [told]}) + "\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", f"{GOOD}\n{{broken\n", ["line 2", "not JSON", "Mend"]),
        ("a.jsonl", f"{GOOD}\n[1]\n", ["line 2", "a list", "one JSON object"]),
        ("a.jsonl", f"{GOOD}\n{'[' * 9_999}\n", ["line 2", "nested too deeply"]),
        ("a.json", "[" * 9_999, ["line 1", "nested too deeply"]),
        ("a.jsonl", f"{GOOD}\n\n" + '{"question": ""}', ["line 3", "'question'", "Fill it in"]),
        ("a.jsonl", '{"question": "Q?"}', ["line 1", "'answer'", "answerable"]),
        ("a.jsonl", '{"question": {"a": 1}}', ["line 1", "'question'", "an object"]),
        ("a.jsonl", '{"question": "Q?", "answers": [{}]}', ["line 1", "'answers'", "list"]),
        ("a.jsonl", f"{GOOD}\n{GOOD}\n", ["line 2", "'Where?', which line 1 asks too", "one row"]),
        ("a.csv", "question,answer\nWho?,x\nHow?,y\nWho?,z\n", ["line 4", "'Who?'", "line 2"]),
        ("a.csv", "id,question,answer\n1,Who?,x\n1,How?,y\n", ["id '1' more than once"]),
        ("a.jsonl", '{"foo": 1}', ["no format", "'foo'", "--format"]),
        ("a.csv", "question,answer\nQ?,a,b\n", ["line 2", "3 cells under 2", "quotes"]),
        ("a.csv", "question,answer\n\"a\nb\",x\n\nQ?,a,b\n", ["line 5"]),
        ("a.csv", "frage,antwort\nQ?,a\n", ["line 1", "'question'", "'frage'"]),
        ("a.csv", 'question,answer\n"Q?,a\n', ["line 2", "no CSV", "quotes"]),
        ("a.csv", "question,answer,language\nQ?,a,fr\n", ["line 2", "'language'", "'fr'"]),
        ("a.csv", "question,answerable\nQ?,maybe\n", ["line 2", "'answerable'", "yes or no"]),
        ("a.csv", "question,answer,spans\nQ?,a,7-9\n", ["line 2", "'spans'", "guide.md:120-180"]),
        ("a.csv", "question,answer\n", ["no question"]),
        ("a.json", '[\n{"a" 1}]', ["line 2", "not JSON"]),
        ("a.json", squad({"qas": []}), ["data[0].paragraphs[0]", "'context'"]),
        ("a.json", squad({"context": "c", "qas": [3]}), ["qas[0]", "a number", "object"]),
        ("a.json", squad({"context": "c", "qas": [{"id": "1", "question": "?"}]}), ["'answers'"]),
        ("a.json", '[{"supporting_facts": [1], "context": 3}]', ["[0]", "'context'"]),
        ("a.json", hotpot(supporting_facts=[["T", 0], 1]), ["[0]", "'supporting_facts'", "at [1]"]),
        ("a.json", hotpot(supporting_facts=[[["T"], 0]]), ["'supporting_facts'", "title", "[0]"]),
        ("a.json", hotpot(supporting_facts=["ab"]), ["'supporting_facts'", "sent_id at [0]"]),
        ("a.json", hotpot(supporting_facts={"title": 3, "sent_id": [1]}), ["list of pairs"]),
        ("a.json", hotpot(context=[["T", ["s"]], 3]), ["[0]", "'context'", "sentences at [1]"]),
        ("a.json", hotpot(context=[[None, ["s"]]]), ["[0]", "'context'", "title", "at [0]"]),
        ("a.json", hotpot(context=[["T", "s"]]), ["[0]", "'context'", "text for sentences at [0]"]),
        ("a.jsonl", musique("Q1") + musique("Q2"), ["id '2hop__1' more than once"]),
        ("a.jsonl", musique("Q", False) + musique("Q", False), ["id '2hop__1' more than once"]),
        ("a.csv", "\x00\x01\x02\x00\x03", ["no text in any known encoding"]),
    ],
)  # fmt: skip
def test_a_bad_file(tmp_path: Path, name: str, content: str, said: list[str]) -> None:
    path = tmp_path / name
    path.write_text(content, "utf-8")
    with pytest.raises(InputError) as refused:
        load(path)
    assert name in str(refused.value) and refused.value.remedy
    assert [part for part in said if part not in str(refused.value)] == []


def test_a_bad_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"queries\.jsonl"):
        load(tmp_path)
    (tmp_path / "queries.jsonl").write_text('{"_id": "q", "text": "Q?"}\n')
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq d 1\n")
    with pytest.raises(InputError, match=r"qrels\.tsv', line 2: there are not three fields"):
        load(tmp_path)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file or folder"):
        load(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match="There is no format 'xml'"):
        load(tmp_path, "xml")
