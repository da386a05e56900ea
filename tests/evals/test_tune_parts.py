"""Halves, knobs, objective and the critic's calibration, without a run."""

from __future__ import annotations

import errno
import math
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.rows import abstained, case, claim, passage, row

from churon.cli.evals.tuned import Told, write
from churon.evals.tune.critic import calibrated_settings, fitted
from churon.evals.tune.gain import Gain, gain
from churon.evals.tune.knobs import BOUNDS, SPACES, space
from churon.evals.tune.objective import objective
from churon.evals.tune.search import rungs
from churon.evals.tune.split import split
from churon.tools.context import RagContext
from churon.tools.errors import InputError
from churon.tools.models.critic import calibrated
from churon.tools.settings import CriticSettings, LabelCalibration, load_settings

KINDS = [("en", True), ("en", False), ("ko", True), ("ko", False)]


def cases(n: int = 120) -> list[Any]:
    luck = random.Random(3)
    kinds = luck.choices(KINDS, weights=[6, 2, 3, 1], k=n)
    return [
        case(f"q{place}", question=f"What is {place}?", language=language, answerable=answerable)
        for place, (language, answerable) in enumerate(kinds)
    ]


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_halves_are_disjoint_whole_and_alike(share: float) -> None:
    asked = cases()
    sides = split(asked, share, 7)
    first, later = ({one["id"] for one in side} for side in (sides.development, sides.held_back))
    assert not first & later and len(first) + len(later) == len(asked)
    for kind in KINDS:
        assert abs(count(sides.held_back, kind) - share * count(asked, kind)) <= 1


def count(side: Any, kind: tuple[str, bool]) -> int:
    return sum((one["language"], one["answerable"]) == kind for one in side)


def test_halves_depend_on_ids_and_seed_alone() -> None:
    asked = cases()
    shuffled = [{**one, "answers": ["?"]} for one in random.Random(1).sample(asked, len(asked))]
    ids = lambda sides: [one["id"] for one in sides.development]  # noqa: E731
    assert ids(split(asked, 0.5, 7)) == ids(split(shuffled, 0.5, 7))  # type: ignore[arg-type]
    assert ids(split(asked, 0.5, 7)) != ids(split(asked, 0.5, 8))


def test_every_beginning_is_mixed() -> None:
    asked = cases()
    begun = Counter(one["language"] for one in split(asked, 0.5, 7).development[:20])
    share = sum(one["language"] == "ko" for one in asked) / len(asked)
    assert abs(begun["ko"] / 20 - share) < 0.15


def test_the_same_question_is_on_one_side() -> None:
    twins = [
        {**one, "id": f"{one['id']}-b", "answerable": not one["answerable"]} for one in cases()
    ]
    sides = split([*cases(), *twins], 0.5, 7)  # type: ignore[list-item]
    first = {one["id"] for one in sides.development}
    assert all((f"q{n}" in first) == (f"q{n}-b" in first) for n in range(120))


@pytest.mark.parametrize(
    ("n", "wanted"), [(5, [5]), (8, [8]), (16, [8, 16]), (50, [8, 24, 50]), (300, [34, 102, 300])]
)
def test_rungs(n: int, wanted: list[int]) -> None:
    assert rungs(n) == wanted


@pytest.mark.parametrize("graph", SPACES)
def test_every_knob_is_one_and_holds_the_value_in_force(graph: str) -> None:
    settings = load_settings(context={"k1": 77, "form": "iterative"})
    made = {knob.name: knob for knob in space(graph, settings)}
    assert set(made) <= set(RagContext.model_fields) and set(SPACES[graph]) <= set(BOUNDS)
    assert made["k1"].high == 77 and made["k1"].low == 5
    for name, knob in made.items():
        assert knob.low <= getattr(settings.context, name) <= knob.high
        RagContext.model_validate({name: knob.low}), RagContext.model_validate({name: knob.high})


def test_knobs_without_effect_are_left_out() -> None:
    names = lambda **given: {k.name for k in space("self_rag", load_settings(**given))}  # noqa: E731
    assert not {"max_iter", "beam", "delta", "uncertain_low"} & names()
    assert "max_iter" in names(context={"form": "iterative"})
    assert "uncertain_low" in names(rerank={"provider": "encoder", "model": "m"})


def test_quality_values_abstaining_and_calls_cost() -> None:
    good = objective("quality", 0.0)
    usage = {"calls": 10, "tokens": 1, "searches": 1, "seconds": 1.0, "cache_hits": 0}
    none = case(answers=[], answerable=False)
    rows = [row(short="Ada Lovelace", usage=usage), abstained(none), row(none), row(error="x")]
    assert [good.score(one) for one in rows] == [1, 1, 0, 0]
    assert objective("quality", 0.01).score(rows[0]) == pytest.approx(0.9)
    assert objective("answer", 0.0).score(abstained(none)) is None
    assert objective("map", 0.0).mean([abstained(none)]) is None


def graded(n: int, language: str, held: LabelCalibration) -> list[Any]:
    """Rows of a critic whose log-odds are the truth's, moved and stretched, read through `held`."""
    luck = random.Random(n)
    made = []
    for place in range(n):
        truth = luck.random() < 0.5
        raw = (1.0 if truth else -1.0) + luck.gauss(0, 0.7) - 3.0
        p = calibrated({"Y": raw, "N": 0.0}, held)["Y"]
        asked = case(f"{language}{place}", language=language, relevant={"gold": 1})
        read = [passage("gold" if truth else "other", relevance=round(p, 4))]
        support = [{**claim("gold"), "support_score": round(p, 4)}]
        said = {"short": "Ada Lovelace" if truth else "Bob", "claims": support, "degraded": []}
        made.append(row(asked, read=read, **said))
    return made


@pytest.mark.parametrize(
    "held", [LabelCalibration(), LabelCalibration(temperature=2.0, offsets={"Y": 0.5, "F": 0.5})]
)
def test_calibration_is_fitted_over_the_one_in_force(held: LabelCalibration) -> None:
    table = {"m": {"relevance": held, "support.ko": held}}
    settings = load_settings(critic=CriticSettings(calibration=table).model_dump())
    found = fitted([*graded(400, "en", held), *graded(12, "ko", held)], settings, "m")
    assert [one.name for one in found] == ["relevance.en", "support.en"]
    first = found[0]
    assert first.after < first.before and first.after < 0.15
    after = calibrated({"Y": -3.0, "N": 0.0}, first.calibration)
    assert after["Y"] == pytest.approx(0.5, abs=0.1)  # the middle of the two kinds
    new = calibrated_settings(settings, found, "m").critic.calibration["m"]
    assert set(new) == {"relevance", "relevance.en", "support.ko", "support.en"}


def test_what_was_not_read_off_log_probs_is_not_fitted_on() -> None:
    settings = load_settings()
    rows = [
        {**one, "degraded": ["critic:relevance:vote"]}
        for one in graded(60, "en", LabelCalibration())
    ]
    assert [one.name for one in fitted(rows, settings, "m")] == ["support.en"]  # type: ignore[arg-type]
    priors = load_settings(rerank={"provider": "encoder", "model": "m"})
    names = [one.name for one in fitted(graded(60, "en", LabelCalibration()), priors, "m")]
    assert names == ["support.en"]
    assert all(math.isfinite(one.after) for one in fitted(rows, settings, "m"))  # type: ignore[arg-type]


def judged(better: int, worse: int, earlier: int) -> Gain:
    """Of so many questions on which the tuned settings did better, and worse."""
    asked = [case(f"q{n}") for n in range(better + worse)]
    right = {"current": range(better, better + worse), "tuned": range(better)}
    rows = [
        row(one, variant=name, short="Ada Lovelace" if n in good else "Bob")
        for name, good in right.items()
        for n, one in enumerate(asked)
    ]
    found = gain(rows, objective("quality", 0.0), earlier)
    assert found is not None
    return found


def test_every_earlier_winner_makes_a_gain_harder_to_show() -> None:
    first, second, third = (judged(14, 4, earlier) for earlier in range(3))
    assert 0.025 < first.objective.p < 0.05 and first.objective.low > 0  # type: ignore[operator]
    assert first.found and not second.found and not third.found
    assert [one.level for one in (first, second, third)] == pytest.approx([0.05, 0.025, 0.05 / 3])
    assert judged(18, 2, 2).found
    lines = [*told(first).lines(), *told(second).lines(), *told(third).lines()]
    one, two = [line for line in lines if "earlier" in line]
    assert one.startswith("1 earlier winner was") and "p = 0.025 only, not 0.05" in one
    assert two.startswith("2 earlier winners were") and "p = 0.0167 only" in two


def told(found: Gain | None) -> Told:
    return Told(
        set="The gain is shown.", graph="self_rag", seed=7, objective="quality", trials=2,
        development=18, held_back=18, before=0.2, after=0.8, changed={"k2": 3}, was={"k2": 5},
        fits=[], gain=found, stopped="",
    )  # fmt: skip


def test_settings_of_a_shown_gain_give_way_to_others_of_one_alone(tmp_path: Path) -> None:
    path, good, bad = tmp_path / "tuned.toml", judged(18, 0, 0), judged(9, 9, 1)
    one, other = load_settings(context={"k2": 3}), load_settings(context={"k2": 4})
    assert write(path, one, told(bad)) and write(path, other, told(None))
    assert write(path, one, told(good))
    proven = path.read_text()
    assert not write(path, other, told(bad)) and not write(path, other, told(None))
    assert path.read_text() == proven
    path.write_text(f"{proven}\nbroken =")
    assert not write(path, other, told(bad))
    path.write_text(proven)
    assert write(path, other, told(good)) and load_settings(path).context.k2 == 4
    assert write(path, other, told(bad))  # judged by more questions, the same settings
    assert "# The gain is shown." not in path.read_text().splitlines()


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match=r"No space left on device\. Choose another place"):
        write(tmp_path / "tuned.toml", load_settings(), told(None))
    assert not list(tmp_path.iterdir())
