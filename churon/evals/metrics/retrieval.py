"""The first search's ranking against gold ids, by ir-measures (MacAvaney et al. 2022), which runs
trec_eval: nDCG takes grades as gains, with a discount of log2(rank + 1) (Järvelin and Kekäläinen
2002). Gold ids of documents match as in places.py; passages of one gold document count once, at the
first one's rank. Of a passage that was ranked and not read the place in its document is not known:
where a case has spans, it bears none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from churon.evals.extra import library
from churon.evals.metrics.measure import Measure
from churon.evals.metrics.places import borne
from churon.evals.types import Placed, Row

NAMES = {
    "recall@5": "R@5",
    "recall@10": "R@10",
    "recall@20": "R@20",
    "ndcg@5": "nDCG@5",
    "ndcg@10": "nDCG@10",
    "map": "AP",
    "mrr": "RR",
}
"""Ours, and ir-measures'. MAP and MRR are the means of AP and RR over questions."""


def ranking(row: Row) -> list[str]:
    """The ranking with gold ids in the place of passages that bear them, each id once."""
    case = row["case"]
    spans = dict(zip(row.get("ranked", []), row.get("ranked_spans", []), strict=False))
    keys: dict[str, None] = {}
    for name in row.get("ranked", []):
        found = borne(case, [Placed(id=name, **spans[name])]) if name in spans else {name}
        keys.update(dict.fromkeys(sorted(one for one in found if isinstance(one, str)) or [name]))
    return list(keys)


def evaluate(ranked: list[str], relevant: dict[str, int], measure: str) -> float:
    """One measure by ir-measures' name ("nDCG@10"). Raises ValueError for grades without any
    above 0, which leave nothing to find.
    """
    if not any(grade > 0 for grade in relevant.values()):
        raise ValueError(f"No grade above 0 in {relevant!r}: there is nothing to find.")
    ir: Any = library("ir_measures")
    wanted = [ir.Qrel("q", name, grade) for name, grade in relevant.items()]
    run = [ir.ScoredDoc("q", name, float(-place)) for place, name in enumerate(ranked)]
    return float(ir.calc_aggregate([ir.parse_measure(measure)], wanted, run).popitem()[1])


def score(measure: str) -> Callable[[Row], float | None]:
    """The measure by ir-measures' name; None without a ranking or gold ids."""

    def of(row: Row) -> float | None:
        if "ranked" not in row or not row["case"]["relevant"]:
            return None
        return evaluate(ranking(row), row["case"]["relevant"], measure)

    return of


MEASURES = tuple(
    Measure(name, "gold ids; a ranking", score(official), binary=False)
    for name, official in NAMES.items()
)
