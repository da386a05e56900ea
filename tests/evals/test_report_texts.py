"""What a report shows of passages: their texts once each, what bears an answer, what is gold."""

from __future__ import annotations

from typing import Any

import pytest
from support.eval_rows import made
from support.rows import case, passage, provenance, row

from churon.evals.report import Gathered, markdown, view
from churon.evals.report.texts import LONGEST, Texts
from churon.evals.types import Case, Passage, Row

LUMEN = "The Lumen is old. She was launched in 1946. She leaves at 07:30."
KOREAN = "파도호는 매일 아침 떠난다. 승객 정원은 198명이다."


def held(id_: str, text: str, **fields: Any) -> Passage:
    start = fields.get("start", 0)
    return passage(id_, **{"text": text, "end": start + len(text), **fields})


def claim(text: str, *ids: str) -> dict[str, Any]:
    return {"text": text, "support": "full", "support_score": 0.9, "evidence_ids": [*ids]}


def spans(document: str, *places: tuple[int, int], **fields: Any) -> Case:
    return case(
        spans=[{"document": document, "start": a, "end": b} for a, b in places], **fields
    )  # fmt: skip


def said(texts: Texts, one: dict[str, Any], kind: str) -> list[str]:
    """The words that are marked."""
    text = texts.held[one["text"]]
    return [text[m["start"] : m["end"]] for m in one["marks"] if m["kind"] == kind]


def test_a_text_is_held_once_whoever_read_it() -> None:
    rows = made(12)
    shown = view(Gathered(rows))
    read = [one for row_ in rows for one in row_.get("read", [])]
    assert len(shown["texts"]) == len({one["text"] for one in read}) < len(read)
    for question in shown["questions"]:
        for name, run in question["runs"].items():
            mine = next(r for r in rows if r["case"]["id"] == question["case"]["id"]
                        and r["variant"] == name)  # fmt: skip
            assert [shown["texts"][one["text"]] for one in run["read"]] == [
                one["text"] for one in mine.get("read", [])
            ]
    assert not any(text.splitlines()[0] in markdown(shown) for text in shown["texts"])


def test_one_id_in_two_sets_is_two_texts() -> None:
    rows = [row(read=[held("p", "One.")]),
            row(read=[held("p", "Two.")], provenance=provenance(set="other"))]  # fmt: skip
    texts = Texts(rows)
    assert [texts.held[texts.read(one)[0]["text"]] for one in rows] == ["One.", "Two."]


def test_the_words_that_bear_claims_are_marked() -> None:
    one = row(
        read=[held("a", LUMEN), held("b", KOREAN), held("c", LUMEN)],
        claims=[claim("The Lumen was launched in 1946.", "a"), claim("It leaves at 07:30.", "a"),
                claim("정원은 198명이다.", "b")],
    )  # fmt: skip
    texts = Texts([one])
    first, second, third = texts.read(one)
    assert said(texts, first, "quote") == ["She was launched in 1946.", "She leaves at 07:30."]
    assert said(texts, second, "quote") == ["승객 정원은 198명이다."]
    assert third["marks"] == [] and third["text"] == first["text"]


def test_gold_spans_are_marked_where_they_stand() -> None:
    start = 1_000 + LUMEN.index("launched")
    asked = spans("d.md", (start, start + 16), (900, 1_009), (5_000, 5_009))
    near = {"document": "d.md", "start": 1_000}
    whole, cut = held("a", LUMEN, **near), held("b", LUMEN, **{**near, "end": 1_010})
    one = row(asked, read=[whole, cut, held("c", LUMEN)])
    texts = Texts([one])
    first, odd, other = texts.read(one)
    assert said(texts, first, "gold") == ["launched in 1946", "The Lumen"]
    assert odd["gold"] and odd["marks"] == []  # its text is not what stands at its place
    assert not other["gold"] and other["marks"] == []


def test_a_long_text_is_cut_and_says_what_is_marked_beyond() -> None:
    text = "x" * (LONGEST - 4) + "gold and gold"
    at = LONGEST - 4
    one = row(spans("a.md", (at, at + 8), (at + 9, at + 13)), read=[held("a", text)])
    texts = Texts([one])
    (shown,) = texts.read(one)
    assert texts.held == [text[:LONGEST] + "…"]
    assert said(texts, shown, "gold") == ["gold"] and shown["beyond"]
    short = row(read=[held("b", "x" * LONGEST)])
    assert Texts([short]).read(short)[0]["beyond"] is False


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (case(relevant={"p1": 1}), "p1"),
        (case(relevant={"d.md": 1}), "d.md"),
        (spans("d.md", (18, 26)), "d.md 18–26"),
        (spans("d.md", (18, 26), relevant={"d.md": 1}), "d.md"),
    ],
)
def test_gold_that_another_run_read_is_shown_to_those_that_missed_it(
    asked: Case, name: str
) -> None:
    gold, far = held("p1", LUMEN, document="d.md"), held("p2", KOREAN, document="d.md", start=900)
    rows = [
        row(asked, variant="a", read=[held("x", "Tides.")]),
        row(case("q2"), variant="b", read=[far, gold, passage("old", document="d.md")]),
        row(asked, variant="c", read=[gold]),
        row(asked, variant="d", error="gone"),
    ]
    texts = Texts(rows)
    (missed,) = texts.unread(rows[0])
    assert missed["name"] == name
    whole = name == "d.md" and not asked["spans"]  # any passage of the document is gold
    assert texts.held[missed["text"]] == (KOREAN if whole else LUMEN)
    assert said(texts, missed, "gold") == ([LUMEN[18:26]] if asked["spans"] else [])
    assert texts.unread(rows[2]) == texts.unread(rows[3]) == []


def test_gold_that_nobody_read_and_rows_of_older_files_are_names() -> None:
    asked = case(relevant={"p1": 1, "p2": 1})
    rows: list[Row] = [row(asked, read=[passage("p1")]), row(asked, variant="b", read=[])]
    rows.append(row(asked, variant="c", provenance=provenance(corpus="other"),
                    read=[held("p2", "Of another corpus.")]))  # fmt: skip
    texts = Texts(rows)
    (old,) = texts.read(rows[0])
    assert "text" not in old and old["gold"] and texts.held == []
    assert texts.unread(rows[0]) == [{"name": "p2"}]
    assert texts.unread(rows[1]) == [{"name": "p1"}, {"name": "p2"}]
