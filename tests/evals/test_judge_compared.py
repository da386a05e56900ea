"""Judgements in figures, comparisons and reports: one judge for all rows, or no number."""

from __future__ import annotations

from typing import Any

import pytest
from support.rows import abstained, case, provenance, row

from churon.evals.compare import compare
from churon.evals.judge.agreement import agreement
from churon.evals.judge.asking import By
from churon.evals.metrics import MEASURES
from churon.evals.report import Gathered, markdown, page, view
from churon.evals.report.words import LANGUAGES, words
from churon.evals.types import Row

pytest.importorskip("scipy.stats", reason="the extra eval is not installed")

X, Y = By("openai:large", "p1"), By("openai:other", "p1")
WORDS = [words(language)["measure.judged"] for language in LANGUAGES]


def run(variant: str, correct: list[float | None], by: By | None = X, **fields: Any) -> list[Row]:
    """A row a question, judged so; None: without a verdict."""
    rows = [row(case(f"q{n}"), variant=variant, **fields) for n in range(len(correct))]
    if by is None:
        return rows
    given = zip(rows, correct, strict=True)
    return [{**one, "judge": by.judgement(one, p)} for one, p in given]  # type: ignore[misc]


def seen(*runs: list[Row], **fields: Any) -> dict[str, Any]:
    return view(Gathered([one for rows in runs for one in rows]), **fields)


def said(shown: dict[str, Any], language: str = "en") -> str:
    return " ".join(one[language] for one in shown["warnings"])


def test_one_judge_is_compared_in_pairs_of_0_and_1() -> None:
    a, b = run("a", [0.2] * 8 + [0.9] * 2), run("b", [0.7] * 8 + [0.5, 0.9])
    [found] = compare([*a, *b], "a", measures=[MEASURES["judged"]]).comparisons
    assert (found.n, found.wins, found.losses, found.test) == (10, 8, 1, "mcnemar")
    assert (found.mean_a, found.mean_b) == (0.2, 0.9)  # 0.5 is no yes
    shown = seen(a, b)
    assert "judged" in {one["measure"] for one in shown["comparisons"]}
    assert shown["sets"][0]["variants"][1]["figures"]["judged"]["value"] == 0.9


@pytest.mark.parametrize("other", [Y, By(X.model, "p2")])
def test_rows_of_two_judges_are_never_compared(other: By) -> None:
    a, b = run("a", [0.9] * 6), run("b", [0.1] * 6, other)
    made = compare([*a, *b], "a", measures=[MEASURES["judged"], MEASURES["f1"]])
    assert [one.measure for one in made.comparisons] == ["f1"]
    assert made.pairings[0].told["judge"] == (
        f"{X.model} {X.prompts}", f"{other.model} {other.prompts}",
    )  # fmt: skip
    shown = seen(a, b, allow=["judge"])
    assert "judged" not in {one["measure"] for one in shown["comparisons"]}
    assert "judged" not in shown["sets"][0]["shown"]
    assert "several judges" in said(shown) and other.model in said(shown, "ko")
    assert not any(f"| {word}" in markdown(shown, lang)  # type: ignore[arg-type]
                   for word, lang in zip(WORDS, LANGUAGES, strict=True))  # fmt: skip
    assert shown["sets"][0]["origin"]["differing"].keys() & {"judge", "judge.prompts"}


def test_a_variant_with_gaps_has_no_figure() -> None:
    a, b = run("a", [0.9] * 6), [*run("b", [0.1] * 4), *run("b", [0.9] * 6, None)[4:]]
    shown = seen(a, b)
    assert "judged" not in {one["measure"] for one in shown["comparisons"]}
    whole, gaps = (one["figures"] for one in shown["sets"][0]["variants"])
    assert whole["judged"]["n"] == 6 and "judged" not in gaps
    assert "judged" in shown["sets"][0]["shown"] and "a 6/6, b 4/6" in said(shown)


def test_correction_is_for_what_was_compared_only() -> None:
    plain = [run("a", [0.9] * 6, None), run("b", [0.9] * 6, None)]
    mixed = [run("a", [0.9] * 6), run("b", [0.9] * 6, Y)]
    one = [run("a", [0.9] * 6), run("b", [0.9] * 6)]
    sizes = [
        sum(c["better"] > 0 for c in seen(*rows)["comparisons"]) for rows in (plain, mixed, one)
    ]
    assert sizes[0] == sizes[1] == sizes[2] - 1
    assert "judge" not in said(seen(*plain)).lower()


def test_answers_without_a_verdict_are_left_out_and_told() -> None:
    a, b = run("a", [0.9, None, 0.1]), run("b", [0.9, 0.9, 0.9])
    [found] = compare([*a, *b], "a", measures=[MEASURES["judged"]]).comparisons
    assert (found.n, found.left_out) == (2, 1)
    shown = seen(a, b)
    assert shown["sets"][0]["variants"][0]["figures"]["judged"]["n"] == 2
    assert "no verdict on some answers (a 1)" in said(shown)


def test_who_judged_is_told_and_whether_they_judged_themselves() -> None:
    free = row(case("f", answers=[]), variant="a")
    shown = seen([free, *run("a", [0.9] * 3)], run("b", [0.1] * 3))
    assert shown["sets"][0]["origin"]["shared"]["judge"] == X.model
    assert shown["sets"][0]["origin"]["shared"]["judge.prompts"] == X.prompts
    assert "Judged by openai:large" in markdown(shown) and X.model in markdown(shown, "ko")
    assert all(word in page(shown) for word in WORDS) and "favour their own" not in said(shown)
    mine = provenance(model=X.model)
    own = seen(run("a", [0.9] * 3, provenance=mine), run("b", [0.1] * 3, provenance=mine))
    assert "(a, b). Models favour their own" in said(own) and "자기 답" in said(own, "ko")


def answers(said: list[tuple[bool, bool]]) -> list[Row]:
    """Rows by (judged correct, exact match)."""
    rows = [
        row(case(f"q{n}"), short="Ada Lovelace" if match else "Ada")
        for n, (_, match) in enumerate(said)
    ]
    return [
        {**one, "judge": X.judgement(one, 0.9 if judge else 0.1)}  # type: ignore[misc]
        for one, (judge, _) in zip(rows, said, strict=True)
    ]


def test_agreement_on_a_case_worked_out_by_hand() -> None:
    # Cohen 1960: 20 both, 5 the judge alone, 10 exact match alone, 15 neither: 0.7 by chance 0.5
    given = [
        *[(True, True)] * 20,
        *[(True, False)] * 5,
        *[(False, True)] * 10,
        *[(False,) * 2] * 15,
    ]
    found = agreement(answers(given))
    assert (found.n, found.both, found.judge_only, found.match_only) == (50, 20, 5, 10)
    assert found.share == pytest.approx(0.7) and found.kappa == pytest.approx(0.4)


def test_agreement_says_no_more_than_it_can() -> None:
    few = agreement(answers([(True, True), (False, False), (True, False)]))
    assert few.kappa is None and few.share == pytest.approx(2 / 3)
    assert agreement(answers([(True, True)] * 30)).kappa is None
    none = abstained(case("x"))
    silent = row(case("y"), short="Ada Lovelace")
    truth = row(case("z", answers=["yes"], truth=True), short="Yes.")
    rows = [
        {**none, "judge": X.judgement(none, 0.0)}, {**silent, "judge": X.judgement(silent, None)},
        {**truth, "judge": X.judgement(truth, 0.9)}, row(case("w")),
    ]  # fmt: skip
    found = agreement(rows)  # type: ignore[arg-type]
    assert (found.n, found.both) == (1, 1)


def test_kappa_equals_scikit_learns() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="the extra eval-tests is not installed")
    for seed in range(20):
        given = [((n * 7 + seed) % 5 < 2, (n * n + seed) % 3 == 0) for n in range(20 + seed)]
        judge, match = zip(*given, strict=True)
        assert agreement(answers(given)).kappa == pytest.approx(
            metrics.cohen_kappa_score(judge, match)
        )
