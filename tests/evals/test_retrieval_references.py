"""Retrieval measures equal their definitions, on 1,000 random rankings."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from support.rows import case, passage, row

from churon.evals.metrics import MEASURES
from churon.evals.metrics.retrieval import NAMES, evaluate, ranking

pytest.importorskip("ir_measures", reason="the extra eval is not installed")


def recall(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    return len(set(ranked[:k]) & set(relevant)) / len(relevant)


def ndcg(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    def gain(grades: list[int]) -> float:
        return sum(grade / math.log2(place + 2) for place, grade in enumerate(grades[:k]))

    return gain([relevant.get(one, 0) for one in ranked]) / gain(sorted(relevant.values())[::-1])


def average_precision(ranked: list[str], relevant: dict[str, int]) -> float:
    hits = [place for place, one in enumerate(ranked) if one in relevant]
    return sum(n / (place + 1) for n, place in enumerate(hits, 1)) / len(relevant)


def reciprocal_rank(ranked: list[str], relevant: dict[str, int]) -> float:
    return next((1 / (place + 1) for place, one in enumerate(ranked) if one in relevant), 0.0)


def test_measures_by_brute_force() -> None:
    drawn = random.Random(5)
    names = [f"p{number}" for number in range(30)]
    for _ in range(1_000):
        ranked = drawn.sample(names, drawn.randint(0, 25))
        relevant = {one: drawn.randint(1, 3) for one in drawn.sample(names, drawn.randint(1, 6))}
        made = row(case(relevant=relevant), ranked=ranked)
        wanted = {
            "recall@5": recall(ranked, relevant, 5),
            "recall@20": recall(ranked, relevant, 20),
            "ndcg@10": ndcg(ranked, relevant, 10),
            "map": average_precision(ranked, relevant),
            "mrr": reciprocal_rank(ranked, relevant),
        }
        assert {name: MEASURES[name].score(made) for name in wanted} == pytest.approx(wanted)


def span(document: str, start: int = 0, end: int = 9) -> dict[str, Any]:
    return {"document": document, "start": start, "end": end}


def test_a_document_is_found_at_its_first_passage() -> None:
    asked = case(relevant={"guide.md": 1, "p9": 1})
    where = [span("other.md"), span("guide.md"), span("guide.md", 9, 20), span("last.md")]
    made = row(asked, ranked=["p1", "p2", "p3", "p9"], ranked_spans=where)
    assert ranking(made) == ["p1", "guide.md", "p9"]
    assert MEASURES["recall@5"].score(made) == 1
    assert MEASURES["mrr"].score(made) == 0.5


@pytest.mark.parametrize("read", [[], [passage("p2", document="guide.md", start=40, end=60)]])
def test_reading_more_ranks_no_better(read: list[Any]) -> None:
    asked = case(relevant={"guide.md": 1}, spans=[span("guide.md", 50, 55)])
    where = [span("guide.md", 0, 40), span("guide.md", 40, 60)]
    made = row(asked, ranked=["p1", "p2"], ranked_spans=where, read=read)
    assert ranking(made) == ["p1", "guide.md"]
    assert MEASURES["mrr"].score(made) == 0.5


@pytest.mark.parametrize("name", NAMES)
def test_no_meaning_without_gold_or_ranking(name: str) -> None:
    assert MEASURES[name].score(row(ranked=["p1"])) is None
    assert MEASURES[name].score(row(case(relevant={"p1": 1}), error="TimeoutError")) is None
    assert MEASURES[name].score(row(case(relevant={"p1": 1}), ranked=[])) == 0
    assert MEASURES[name].score(row(case(relevant={"p1": 2}), ranked=["p1"])) == 1


def test_nothing_to_find_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to find"):
        evaluate(["p1"], {"p1": 0}, "AP")
