"""What a report says: figures, sentences, warnings, where two runs part, and what it leaves out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.eval_rows import made
from support.eval_world import World
from support.rows import case, passage, provenance, row

from churon.cli.evals.report import Wanted, run
from churon.evals.metrics import MEASURES
from churon.evals.report import Gathered, gather, markdown, page, view
from churon.evals.report.figures import mean, quantile, share
from churon.evals.report.numbers import chance, number, span
from churon.evals.report.steps import told
from churon.evals.report.words import LANGUAGES, words
from churon.evals.types import Row
from churon.tools.errors import InputError


def written(path: Path, *lines: Any) -> Path:
    text = "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines)
    path.write_text(text, "utf-8")
    return path


def seen(*rows: Row, **fields: Any) -> dict[str, Any]:
    return view(Gathered(list(rows)), **fields)


@pytest.fixture(scope="module")
def small() -> dict[str, Any]:
    return view(Gathered(made(12)))


def test_rows_are_whole_and_come_once(tmp_path: Path) -> None:
    late = row(at="2026-02-01T00:00:00Z", short="late")
    failed = row(at="2026-03-01T00:00:00Z", error="x")
    odd = {**row(case("q2")), "read": [passage("p", relevance=1.4)]}
    first = written(tmp_path / "a.jsonl", row(), odd, '{"torn')
    second = written(tmp_path / "b.jsonl", failed)
    third = written(
        tmp_path / "c.jsonl", late, {"case": {"id": "q", "question": "?"}, "variant": "a"}
    )
    found = gather([first, second, third])
    assert [one.get("short") for one in found.rows] == ["late"]
    assert (found.torn, found.odd, found.older) == (1, 2, 2)
    with pytest.raises(InputError, match="no file"):
        gather([tmp_path / "none.jsonl"])
    with pytest.raises(InputError, match="No whole row"):
        gather([written(tmp_path / "d.jsonl", odd)])


def test_numbers_that_are_none_leave_a_row_out(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No whole row"):
        gather([written(tmp_path / "a.jsonl", json.dumps({**row(), "seconds": float("nan")}))])


def test_every_figure_has_its_interval(small: dict[str, Any]) -> None:
    for set_ in small["sets"]:
        for variant in set_["variants"]:
            assert variant["counts"]["rows"] == 6
            for name, one in variant["figures"].items():
                low, high = one["low"], one["high"]
                assert low is None or low <= one["value"] + 1e-9, name
                assert high is None or high >= one["value"] - 1e-9, name
        assert "answer" not in set_["shown"] and "f1" in set_["shown"]
    mixed = seen(row(), row(case("q2", truth=True, answers=["yes"])))
    assert "answer" in mixed["sets"][0]["shown"]


def test_equal_hits_and_misses_have_an_interval_of_some_width() -> None:
    for short, value in (("Ada", 1.0), ("Bob", 0.0)):
        rows = [row(case(f"q{n}", answers=["Ada"]), short=short) for n in range(5)]
        em = mean(rows, "em")
        assert em["value"] == value and em["n"] == 5
        assert em["high"] - em["low"] > 0.3  # type: ignore[operator]


def test_a_percentile_without_enough_questions_has_no_upper_bound() -> None:
    few = quantile([row(seconds=float(one)) for one in range(20)], 0.95)
    assert few["high"] is None and few["low"] is not None
    many = quantile([row(seconds=float(one)) for one in range(200)], 0.95)
    assert many["low"] < many["value"] < many["high"]  # type: ignore[operator]
    assert share(0, 0)["value"] is None and 0 < share(9, 10)["low"] < 0.9  # type: ignore[operator]


def test_costs_and_quality_are_corrected_apart(small: dict[str, Any]) -> None:
    every = small["comparisons"]
    for whole, count in ((False, 3 * 2 * 2), (True, 3 * 2)):
        family = [one for one in every if (one["set"] == "") == whole]
        spent = [one for one in family if one["better"] < 0]
        assert len(spent) == count and len(family) > len(spent)
        alone = min(one["p"] for one in spent)
        assert min(one["adjusted_p"] for one in spent) == pytest.approx(min(1, alone * count))


def test_several_sets_are_also_shown_together(small: dict[str, Any]) -> None:
    whole, sets = small["together"], small["sets"]
    for at, one in enumerate(whole["variants"]):
        each = [set_["variants"][at] for set_ in sets]
        assert one["counts"]["rows"] == sum(part["counts"]["rows"] for part in each) == 12
        answers = [
            (part["figures"]["answer"]["value"], part["figures"]["answer"]["n"]) for part in each
        ]
        pooled = sum(value * n for value, n in answers) / sum(n for _, n in answers)
        assert one["figures"]["answer"]["value"] == pytest.approx(pooled)
    found = {(one["set"], one["b"], one["measure"]): one for one in small["comparisons"]}
    b = small["others"][0]
    of = [found[(set_["name"], b, "evidence recall")] for set_ in sets]
    joined = found[("", b, "evidence recall")]
    assert joined["n"] == sum(one["n"] for one in of)
    assert joined["difference"] == pytest.approx(
        sum(one["difference"] * one["n"] for one in of) / joined["n"]
    )
    said = markdown(small, "ko")
    assert said.index("### 모든 세트를 합쳐서") < said.index(f"### {sets[0]['name']}")


def test_one_set_is_not_shown_twice() -> None:
    alone = seen(row(), row(variant="b"))
    assert alone["together"] is None and "together" not in markdown(alone)
    assert all(one["set"] for one in alone["comparisons"])


def test_variants_of_one_set_only_are_compared_there_only() -> None:
    def of(set_: str, variant: str) -> list[Row]:
        held = provenance(set=set_)
        return [row(case(f"q{n}"), variant=variant, provenance=held) for n in range(3)]

    rows = [*of("x", "a"), *of("y", "a"), *of("x", "b"), *of("x", "c"), *of("y", "c")]
    found = seen(*rows)
    assert {one["b"] for one in found["comparisons"] if one["set"] == ""} == {"c"}
    assert [one["name"] for one in found["together"]["variants"]] == ["a", "c"]
    assert "b: not asked in every set" in " ".join(one["en"] for one in found["warnings"])
    alone = seen(*of("x", "a"), *of("y", "b"))
    assert alone["together"] is None


@pytest.mark.parametrize("other", [{"at_once": "4", "machine": "m"}, {"machine": "n"}])
def test_seconds_of_other_conditions_are_not_compared(other: dict[str, str]) -> None:
    def asked(variant: str, conditions: dict[str, str]) -> list[Row]:
        where = provenance(conditions=conditions)
        return [
            row(case(f"q{n}"), variant=variant, provenance=where, seconds=n + 1.0) for n in range(4)
        ]

    here = {"at_once": "1", "machine": "m"}
    for there, compared in ((here, True), (other, False)):
        found = seen(*asked("a", here), *asked("b", there))
        measures = {one["measure"] for one in found["comparisons"]}
        assert ("seconds" in measures) is compared and "answer" in measures
        warnings = [one["en"] for one in found["warnings"]]
        assert any("seconds of a and b are not compared" in one for one in warnings) is not compared


def test_variants_are_chosen(small: dict[str, Any]) -> None:
    assert (small["a"], small["others"]) == ("two_stage", ["self_rag", "mcts_deep"])
    rows = made(6)
    chosen = seen(*rows, a="mcts_deep", b="two_stage")
    assert (chosen["a"], chosen["others"]) == ("mcts_deep", ["two_stage"])
    assert {one["b"] for one in chosen["comparisons"]} == {"two_stage"}
    assert seen(*rows, b="two_stage")["a"] == "self_rag"
    with pytest.raises(InputError, match=r"'x'.*self_rag"):
        seen(*rows, a="x")
    alone = seen(row())
    assert not alone["comparisons"] and not alone["others"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
KINDS = [
    "search",
    "plan",
    "result",
    "tree",
    "winner",
    "rollouts",
    "route",
    "select",
    "beam",
    "cite",
]
FIELDS = ["query", "plan", "result", "nodes", "node", "best", "sentences", "graph", "answer"]


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), anything), max_size=4), st.data())
def test_no_shape_of_a_step_stops_a_report(
    steps: list[dict[str, Any]], data: st.DataObject
) -> None:
    whole = [{**step, "step": data.draw(st.sampled_from(KINDS))} for step in steps]
    shown = told(whole)
    assert [one["kind"] for one in shown] == [one["step"] for one in whole]
    assert all(isinstance(one["text"], str) and isinstance(one["note"], str) for one in shown)
    json.dumps(shown)


def test_halves_go_up_as_in_the_page() -> None:
    assert [number(one) for one in (0.125, 0.625, 2.675)] == ["0.13", "0.63", "2.67"]
    assert number(2.25, 1) == "2.3" and number(-0.125, sign=True) == "−0.13"
    assert chance(0.0625) == "0.063" and number(1234567.5, 0) == "1,234,568"


def test_numbers_read_alike() -> None:
    assert [number(-0.126), number(0.004, sign=True), number(None)] == ["−0.13", "0.00", "?"]
    assert number(1234.5, 1, sign=True) == "+1,234.5"
    assert span(None, None, 2) == "" and span(0.1, None, 2) == "0.10–?"


def test_page_and_summary_are_two_files(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    wanted = Wanted([], path, tmp_path / "y" / ".." / "x.md", None, None, None, [])
    with pytest.raises(InputError, match="one name"):
        run(wanted)


def test_the_command_writes_page_and_summary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = written(tmp_path / "rows.jsonl", *made(6))
    wanted = Wanted([rows], tmp_path / "out/report.html", Path("-"), None, None, "ko", [])
    assert run(wanted) == 0
    assert (tmp_path / "out/report.html").read_text("utf-8").startswith("<!doctype html>")
    assert capsys.readouterr().out.startswith("## 평가: harbour")
    with pytest.raises(InputError, match="language 'fr'"):
        run(replace(wanted, language="fr"))


def test_every_measure_has_a_name() -> None:
    for language in LANGUAGES:
        assert {f"measure.{name}" for name in MEASURES} <= set(words(language))


async def test_rows_of_a_real_run_are_reported(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.run("two_stage", "self_rag", "cot_rag", "mcts_rag", "agent")
    found = gather([world.output])
    shown = view(found)
    assert (found.odd, found.torn, len(shown["questions"])) == (0, 0, 4)
    asked = {one["case"]["id"]: one for one in shown["questions"]}
    first = asked["q1"]["runs"]["two_stage"]
    assert first["read"][0]["gold"] and first["outcome"] == "wrong"  # no one knows the sentinel
    kinds = {step["kind"] for one in shown["questions"] for run_ in one["runs"].values()
             for step in run_["steps"]}  # fmt: skip
    assert {"search", "finish"} <= kinds
    known = {key.partition(".")[2] for key in words("en") if key.startswith("step.")}
    assert kinds <= known, kinds - known
    assert "cot\\_rag" in markdown(shown) and len(page(shown)) > 100_000
