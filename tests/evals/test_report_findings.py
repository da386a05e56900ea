"""What a report says in words: findings, and what to know before believing them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.rows import case, provenance, row

from churon.evals.compare import Comparison
from churon.evals.report import Gathered, markdown, view
from churon.evals.report.sentences import finding, sentence
from churon.evals.report.words import LANGUAGES, words
from churon.evals.types import Row


def seen(*rows: Row, **fields: Any) -> dict[str, Any]:
    return view(Gathered(list(rows)), **fields)


def comparison(**fields: Any) -> Comparison:
    whole: dict[str, Any] = {
        "measure": "answer", "a": "one", "b": "two", "n": 30, "left_out": 0, "mean_a": 0.4,
        "mean_b": 0.6, "difference": 0.2, "low": 0.05, "high": 0.35, "wins": 9, "losses": 3,
        "p": 0.001, "test": "permutation", "mid_p": None, "adjusted_p": 0.004, "detectable": 0.12,
    }  # fmt: skip
    return Comparison(**{**whole, **fields})


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, "better"),
        ({"difference": -0.2}, "worse"),
        ({"measure": "calls"}, "more"),
        ({"measure": "seconds", "difference": -2.0}, "fewer"),
        ({"p": 0.03, "adjusted_p": 0.2}, "hint"),
        ({"p": 0.3, "adjusted_p": 1.0}, "none"),
        ({"wins": 0, "losses": 0, "difference": 0.0}, "same"),
        ({"wins": 0, "losses": 0, "difference": 0.0, "detectable": None}, "same"),
        ({"n": 2, "detectable": None}, "few"),
        ({"n": 4, "p": 0.125, "adjusted_p": 0.5, "detectable": None}, "few"),
        ({"detectable": None}, "better"),
        ({"p": 0.03, "adjusted_p": 0.2, "detectable": None}, "hint"),
    ],
)
def test_a_sentence_says_what_was_found(fields: dict[str, Any], kind: str) -> None:
    one = comparison(**fields)
    assert finding(one) == kind
    for language in LANGUAGES:
        said = sentence(one, 12, language)
        assert "{" not in said and words(language)[f"measure.{one.measure}"] in said


def test_no_difference_says_what_would_stay_unseen() -> None:
    said = sentence(comparison(p=0.3, adjusted_p=1.0, difference=0.02), 12, "en")
    assert "no difference that 30 questions could show" in said and "less than ±0.12" in said


def test_four_questions_all_lost_are_too_few_to_tell() -> None:
    asked = [case(f"q{n}", answers=["Ada"]) for n in range(4)]
    rows = [row(one, variant=name, short=name) for one in asked for name in ("Ada", "Bob")]
    said = markdown(seen(*rows, a="Ada"), "en")
    assert "Answer score: 4 questions with a figure for both are too few" in said
    assert "−1.00 was measured" in said
    assert "would mostly stay unseen" not in said


def test_warnings_say_what_no_figure_shows() -> None:
    asked = [case(f"q{n}", tags=["unreviewed"]) for n in range(4)]
    rows = [row(one) for one in asked]
    rows += [row(asked[0], variant="b", error="x"), row(asked[1], variant="b", degraded=["r"])]
    rows.append(row(asked[2], variant="b", provenance=provenance(seed=8)))
    rows.append(row(asked[3], variant="c", provenance=provenance(model="other")))
    found = view(Gathered(rows, torn=1, odd=2, older=3))
    said = " ".join(one["en"] for one in found["warnings"])
    for word in ("c was not compared", "model", "1 lines", "2 rows are not whole", "3 rows",
                 "unlike numbers", "b 1/3", "used a fallback", "made otherwise: seed",
                 "not reviewed"):  # fmt: skip
        assert word in said
    assert all("{" not in one[language] for one in found["warnings"] for language in LANGUAGES)
    allowed = view(Gathered(rows), allow=["model", "seed"])
    assert "differ in model" in " ".join(one["en"] for one in allowed["warnings"])


@pytest.mark.parametrize(
    ("b", "told"),
    [
        (
            row(variant="b", provenance=provenance(model="m2")),
            ["model: 'm', 'm2'", "--allow model"],
        ),
        (row(case(answers=["Bob"]), variant="b"), ["id"]),
        (row(case("q2"), variant="b"), []),
    ],
)
def test_a_refusal_is_said_in_the_readers_language(b: Row, told: list[str]) -> None:
    [said] = [one for one in seen(row(), b)["warnings"] if "b was not compared" in one["en"]]
    assert [word for word in told if word not in said["en"] or word not in said["ko"]] == []
    assert "비교하지 않았습니다" in said["ko"]
    assert not re.search(r"\b(Rows|Run|No case|alike)\b", said["ko"])
