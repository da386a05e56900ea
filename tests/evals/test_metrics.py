"""Each measure on rows made by hand: what it counts, and where it has no meaning."""

from __future__ import annotations

import pytest
from support.rows import abstained, case, claim, passage, row

from churon.evals.metrics import (
    MEASURES,
    abstention,
    counts,
    latencies,
    relevance_pairs,
    scores,
)
from churon.evals.metrics.places import relevant
from churon.evals.types import Row, Span

ANSWERS = ("answer", "em", "f1", "match")
GOLD = case(relevant={"p1": 1, "p2": 2})
SPANNED = case(relevant={"guide.md": 1}, spans=[Span(document="guide.md", start=50, end=60)])


def score(name: str, of: Row) -> float | None:
    return MEASURES[name].score(of)


def test_an_error_and_an_abstention_score_nothing_on_answers() -> None:
    for made in (row(error="TimeoutError: 60 s"), abstained(short="Ada Lovelace")):
        assert {score(name, made) for name in ANSWERS} == {0}
    spent = row(status="budget_exhausted", answer="Ada Lovelace", claims=[])
    assert {score(name, spent) for name in ANSWERS} == {0}


def test_the_short_form_is_scored_where_there_is_one() -> None:
    assert score("em", row(short="ada lovelace.")) == 1
    assert score("em", row()) == 0
    assert score("f1", row()) == pytest.approx(2 * 2 / (4 + 2))
    assert score("match", row(short="")) == 1


@pytest.mark.parametrize(
    ("language", "wanted", "answer", "found"),
    [
        ("en", "19", "It was in 1990.", 0),
        ("en", "90", "It was in 1990.", 0),
        ("en", "no", "Nobody is known.", 0),
        ("en", "1990", "It was in 1990.", 1),
        ("en", "Ada Lovelace", "It was Ａｄａ Ｌｏｖｅｌａｃｅ.", 1),
        ("ko", "서울", "수도는 서울입니다.", 1),
        ("ko", "198", "정원은 198명입니다.", 1),
        ("ko", "98", "정원은 198명입니다.", 0),
        ("ko", "19", "정원은 198명입니다.", 0),
    ],
)
def test_an_accepted_answer_is_no_part_of_a_longer_word_or_number(
    language: str, wanted: str, answer: str, found: int
) -> None:
    asked = case(language=language, answers=[wanted])
    assert score("match", row(asked, answer=answer)) == found


def test_a_mixed_set_has_one_figure() -> None:
    assert score("answer", row(short="Ada Lovelace")) == 1
    assert score("answer", row(case(truth=False, answers=["no"]), short="no")) == 1
    assert score("f1", row(case(truth=False, answers=["no"]), short="no")) is None
    assert score("answer", row(case(answers=[], answerable=False))) is None


def test_evidence_by_passage_id() -> None:
    made = row(GOLD, read=[passage("p2"), passage("p7")])
    assert score("evidence recall", made) == 0.5
    assert score("all evidence", made) == 0
    assert score("all evidence", row(GOLD, read=[passage("p1"), passage("p2")])) == 1
    assert score("evidence recall", row(GOLD, error="x")) is None
    assert score("evidence recall", row(read=[passage("p1")])) is None
    assert score("evidence recall", abstained(GOLD, read=[passage("p1")])) == 0.5


@pytest.mark.parametrize(
    ("start", "end", "found"), [(0, 50, 0), (0, 51, 1), (59, 90, 1), (60, 90, 0)]
)
def test_a_span_says_where_in_the_document(start: int, end: int, found: int) -> None:
    one = passage("h1", document="guide.md", start=start, end=end)
    assert score("evidence recall", row(SPANNED, read=[one])) == found
    assert score("span recall", row(SPANNED, read=[one])) == found
    assert relevant(SPANNED, one) == bool(found)


def test_a_span_is_of_its_own_document() -> None:
    other = passage("h1", document="faq.md", start=50, end=60)
    assert not relevant(SPANNED, other)
    assert score("span recall", row(SPANNED, read=[other])) == 0
    assert score("evidence recall", row(SPANNED, read=[other])) == 0


def test_a_passage_over_a_span_is_relevant_though_its_document_is_no_gold_id() -> None:
    asked = case(relevant={"p1": 1}, spans=SPANNED["spans"])
    over = passage("h1", document="guide.md", start=40, end=55)
    assert relevant(asked, over)
    cited = row(asked, read=[over], claims=[claim("h1")])
    assert (score("citation precision", cited), score("citation recall", cited)) == (1, 0)


def test_a_document_without_span_is_found_by_any_passage() -> None:
    asked = case(relevant={"guide.md": 1, "faq.md": 1}, spans=SPANNED["spans"])
    assert score("evidence recall", row(asked, read=[passage("h", document="faq.md")])) == 0.5


def test_spans_alone_are_gold_too() -> None:
    asked = case(spans=[*SPANNED["spans"], Span(document="faq.md", start=0, end=5)])
    one = passage("h1", document="guide.md", start=40, end=70)
    assert score("evidence recall", row(asked, read=[one])) == 0.5


def test_citations() -> None:
    read = [passage("p1"), passage("p2"), passage("p7")]
    made = row(GOLD, read=read, claims=[claim("p1"), claim("p1", "p7"), claim("invented")])
    assert score("citation precision", made) == pytest.approx(1 / 3)
    assert score("citation recall", made) == 0.5
    silent = row(GOLD, read=read, claims=[claim()])
    assert score("citation precision", silent) is None
    assert score("citation recall", silent) == 0
    assert score("citation recall", row(GOLD, error="x")) == 0
    assert score("citation precision", row(GOLD, error="x")) is None
    assert score("citation recall", row(claims=[claim("p1")])) is None


def test_support() -> None:
    made = row(claims=[claim(support=one) for one in ("full", "partial", "none", "unchecked")])
    assert score("support rate", made) == 0.25
    assert score("support rate", row(claims=[claim(support="unchecked")])) is None
    assert score("support rate", abstained()) is None
    assert score("support rate", row(error="x")) is None


def test_abstention_counts_errors_as_misses_only() -> None:
    impossible = case(answers=[], answerable=False)
    rows = [abstained(impossible), abstained(), row(impossible), row(impossible, error="x"), row()]
    made = abstention(rows)
    assert (made.precision, made.recall) == (0.5, pytest.approx(1 / 3))
    assert made.f1 == pytest.approx(0.4)
    assert [score("settled", one) for one in rows] == [1, 0, 0, 0, 1]
    assert [score("abstained", one) for one in rows] == [1, 1, 0, None, 0]
    nothing = abstention([])
    assert (nothing.precision, nothing.recall, nothing.f1) == (None, None, None)


def test_counts_make_the_rows() -> None:
    spent = row(status="budget_exhausted", claims=[], degraded=["critic: votes"])
    made = counts([row(), abstained(), row(error="x"), spent])
    assert (made.rows, made.answered, made.abstained) == (4, 1, 1)
    assert (made.errors, made.without, made.degraded) == (1, 1, 1)


def test_latencies_by_stage() -> None:
    rows = [
        row(seconds=float(n), stages={"search": n / 2, "grade": n * 2.0}) for n in range(1, 102)
    ]
    made = latencies([*rows, row(error="x", seconds=999.0)])
    assert list(made) == ["run", "grade", "search"]
    assert (made["run"].n, made["run"].p50, made["run"].p95) == (101, 51, 96)
    assert made["search"].p50 == 25.5
    assert latencies([]) == {}


def test_costs_are_of_answers() -> None:
    usage = {"calls": 3, "tokens": 900, "searches": 2, "seconds": 1.5, "cache_hits": 1}
    made = scores(row(usage=usage, seconds=1.6))
    assert (made["calls"], made["tokens"], made["searches"], made["seconds"]) == (3, 900, 2, 1.6)
    assert scores(row(error="x", usage=usage))["calls"] is None


def test_relevance_against_gold() -> None:
    read = [passage("p1", relevance=0.9), passage("p7", relevance=0.2), passage("p2")]
    assert relevance_pairs([row(GOLD, read=read), row(read=read)]) == [(0.9, True), (0.2, False)]
