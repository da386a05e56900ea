"""Pairs of rows: what is matched, what is refused, what is told; comparisons over them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rows import abstained, case, provenance, row

from churon.evals.compare import compare
from churon.evals.metrics import MEASURES
from churon.evals.pairing import pair
from churon.evals.stats import among, detectable
from churon.evals.types import Row
from churon.tools.errors import InputError

pytest.importorskip("scipy.stats", reason="the extra eval is not installed")

EM, F1 = MEASURES["em"], MEASURES["f1"]


def run(variant: str, shorts: list[str], **fields: Any) -> list[Row]:
    return [
        row(case(f"q{number}"), variant=variant, short=short, **fields)
        for number, short in enumerate(shorts)
    ]


def test_rows_are_matched_by_case_whatever_their_order() -> None:
    a, b = run("a", ["Ada", "Bob", "Cy"]), run("b", ["Ada", "Bob", "Cy"])
    made = pair(a, b[::-1])
    assert [(x["case"]["id"], y["case"]["id"]) for x, y in made.pairs] == [
        (f"q{n}", f"q{n}") for n in range(3)
    ]
    assert (made.a, made.b, made.only_a, made.only_b) == ("a", "b", [], [])


def test_rows_of_one_variant_only_are_told_and_not_compared() -> None:
    a, b = run("a", ["Ada", "Bob"]), run("b", ["Ada", "Bob", "Ada Lovelace"])
    made = compare([*a[1:], *b], "a", measures=[F1])
    assert made.pairings[0].only_a == []
    assert made.pairings[0].only_b == [("set", "q0"), ("set", "q2")]
    assert made.comparisons[0].n == 1


def test_errors_are_pairs_and_counted() -> None:
    a = [row(case("q0"), short="Ada Lovelace"), row(case("q1"), error="TimeoutError")]
    b = [row(case(f"q{n}"), variant="b", short="Ada Lovelace") for n in range(2)]
    made = compare([*a, *b], "a", measures=[EM, MEASURES["evidence recall"], MEASURES["seconds"]])
    assert (made.pairings[0].errors_a, made.pairings[0].errors_b) == (1, 0)
    assert [(one.measure, one.n, one.mean_a, one.mean_b) for one in made.comparisons] == [
        ("em", 2, 0.5, 1.0)
    ]


@pytest.mark.parametrize(
    "field", ["corpus", "model", "embedding", "reranker", "prompts", "shortener", "seed"]
)
def test_rows_made_otherwise_are_refused_or_allowed_by_name(field: str) -> None:
    a, b = run("a", ["Ada"]), run("b", ["Ada"], provenance=provenance(**{field: "other"}))
    with pytest.raises(InputError, match=rf"{field}: .* and 'other'.*allow it: {field}"):
        pair(a, b)
    assert pair(a, b, allow=[field]).allowed[field][1] == "other"


def test_settings_that_tell_variants_apart_are_told() -> None:
    other = provenance(context={"k2": 3, "ef": 9}, settings={"chat.top_p": 1}, versions={})
    made = pair(run("a", ["Ada"]), run("b", ["Ada"], provenance=other))
    assert made.allowed == {}
    assert made.told == {
        "context.ef": (None, 9),
        "context.k2": (5, 3),
        "settings.chat.top_p": (None, 1),
        "versions.churon": ("0.1.0", None),
    }


def test_of_pairs_that_differ_the_first_is_told() -> None:
    a, b = run("a", ["Ada", "Ada"]), run("b", ["Ada", "Ada"])
    for number, one in enumerate(b):
        one["provenance"] = provenance(context={"k2": 7 + number})
    assert pair(a, b).told["context.k2"] == (5, 7)


def test_a_question_that_was_edited_is_refused_whatever_is_allowed() -> None:
    a, b = [row(case())], [row(case(answers=["Bob"]), variant="b")]
    with pytest.raises(InputError, match="case: ") as refused:
        pair(a, b, allow=["case"])
    assert "allow it" not in str(refused.value)
    pair(a, [row(case(tags=["2hop"]), variant="b")])


def test_short_answers_are_not_held_against_long_ones() -> None:
    a, b = run("a", ["Ada"]), [row(case("q0"), variant="b")]
    with pytest.raises(InputError, match="short: True and False"):
        pair(a, b)
    assert pair(a, [abstained(case("q0"), variant="b")]).pairs


def test_what_cannot_be_paired() -> None:
    rows = run("a", ["Ada"])
    with pytest.raises(InputError, match="twice"):
        pair([*rows, *rows], run("b", ["Ada"]))
    with pytest.raises(InputError, match="No case is in both"):
        pair(rows, [row(case("other"), variant="b")])
    with pytest.raises(InputError, match=r"one variant.* Give each side"):
        pair([*rows, row(case("q9"), variant="c")], run("b", ["Ada"]))
    with pytest.raises(InputError, match="No rows of"):
        compare(rows, "a")
    with pytest.raises(InputError, match=r"No rows of \['z'\]"):
        compare(rows, "a", variants=["z"])


def test_a_comparison_in_full() -> None:
    a = run("a", ["Bob"] * 8 + ["Ada Lovelace"] * 2)
    b = run("b", ["Ada Lovelace"] * 8 + ["Ada", "Ada Lovelace"])
    made = compare([*a, *b], "a", measures=[EM, F1], correction="none")
    em, f1 = made.comparisons
    assert (em.n, em.wins, em.losses, em.difference) == (10, 8, 1, pytest.approx(0.7))
    assert (em.test, em.p, em.mid_p) == ("mcnemar", *map(pytest.approx, (20 / 512, 11 / 512)))
    assert (f1.test, f1.mid_p, f1.adjusted_p) == ("permutation", None, f1.p)
    assert f1.low is not None and f1.high is not None and f1.low < f1.difference < f1.high
    assert f1.detectable is not None and 0 < f1.detectable < 1


def test_pairs_in_which_a_measure_means_nothing_to_either_are_not_left_out() -> None:
    gold = [case(f"q{number}", relevant={"p1": 1}) for number in (1, 2)]
    a = [row(case("q0")), *(row(one, read=[]) for one in gold)]
    b = [row(case("q0"), variant="b"), row(gold[0], variant="b", error="TimeoutError")]
    b.append(row(gold[1], variant="b", read=[]))
    [one] = compare([*a, *b], "a", measures=[MEASURES["evidence recall"]]).comparisons
    assert (one.n, one.left_out) == (1, 1)


@pytest.mark.parametrize(("correction", "tests"), [("holm", 2), ("bh", 1), ("none", 1)])
def test_what_is_detectable_follows_the_correction(correction: Any, tests: int) -> None:
    a = run("a", ["Bob"] * 12 + ["Ada Lovelace"] * 4)
    b = run("b", ["Ada Lovelace"] * 6 + ["Ada"] * 6 + ["Bob", "Ada", *["Ada Lovelace"] * 2])
    made = compare([*a, *b], "a", measures=[EM, F1], correction=correction).comparisons
    for one, measure in zip(made, (EM, F1), strict=True):
        scores = [(measure.score(x), measure.score(y)) for x, y in zip(a, b, strict=True)]
        alone = detectable([(y or 0.0) - (x or 0.0) for x, y in scores])
        assert one.detectable == pytest.approx(among(alone, 16, tests))


def test_all_comparisons_of_a_call_are_one_family() -> None:
    a, worse = run("a", ["Ada Lovelace"] * 9), ["Ada"] * 9
    rows = [*a, *run("b", worse), *run("c", worse)]
    holm = compare(rows, "a", measures=[EM, F1]).comparisons
    assert [(one.b, one.measure) for one in holm] == [
        *(("b", "em"), ("b", "f1"), ("c", "em"), ("c", "f1"))
    ]
    assert [one.p for one in holm] == pytest.approx([2 / 512] * 4)
    assert [one.adjusted_p for one in holm] == pytest.approx([8 / 512] * 4)
    assert {one.b for one in compare(rows, "a", variants=["c"], measures=[EM]).comparisons} == {"c"}


SHORTS = st.lists(st.sampled_from(["Ada", "Ada Lovelace", "Bob", ""]), min_size=1, max_size=12)


@given(st.lists(st.tuples(*[st.sampled_from(["Ada", "Ada Lovelace", "Bob"])] * 2), min_size=2))
@settings(max_examples=30, deadline=None)
def test_a_against_b_is_b_against_a_turned(shorts: list[tuple[str, str]]) -> None:
    rows = [*run("a", [x for x, _ in shorts]), *run("b", [y for _, y in shorts])]
    for there, back in zip(
        compare(rows, "a", measures=[EM, F1]).comparisons,
        compare(rows[::-1], "b", measures=[EM, F1]).comparisons,
        strict=True,
    ):
        assert there.difference == pytest.approx(-back.difference)
        assert (there.wins, there.losses) == (back.losses, back.wins)
        assert (there.p, there.adjusted_p) == pytest.approx((back.p, back.adjusted_p))
        assert there.detectable == pytest.approx(back.detectable)


@given(SHORTS)
@settings(max_examples=20, deadline=None)
def test_a_run_against_itself_differs_in_nothing(shorts: list[str]) -> None:
    for one in compare([*run("a", shorts), *run("b", shorts)], "a", measures=[EM, F1]).comparisons:
        assert (one.difference, one.p, one.wins, one.losses) == (0, 1, 0, 0)
