"""`churon eval tune`: finds what is there to find, says so of what is not, goes on after a kill."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.eval_world import GOLD
from support.process import killed
from support.scripted import Reply
from support.tune_world import HELD_BACK, ROWS, TuneWorld, colour, model

from churon.cli.evals.tune import STUDY
from churon.evals.rows import read
from churon.evals.spending import Budget, spent
from churon.tools.errors import InputError, ModelError
from churon.tools.settings import load_settings

pytest.importorskip("optuna", reason="the extra eval is not installed")


@pytest.fixture
def world(tmp_path: Path) -> TuneWorld:
    return TuneWorld(tmp_path)


def chosen(world: TuneWorld) -> float:
    return load_settings(world.tuned).context.support_threshold


async def test_a_threshold_that_matters_is_found(world: TuneWorld, capsys: Any) -> None:
    assert await world.tune() == 0
    said = capsys.readouterr()
    assert "The gain is shown." in said.out and "0.250 -> 1.000: +0.750" in said.out
    assert "trial 1 of 6: 0.250; the settings in force" in said.err
    assert "given up after 8 questions" in said.err
    assert 0.15 < chosen(world) <= 0.45
    again = load_settings(world.tuned)
    assert (again.context.k2, again.rerank.provider, again.preset) == (2, "none", "embedded")
    head = world.tuned.read_text().splitlines()
    assert any(line.startswith("# held back (never tuned on): 0.250") for line in head)


async def test_nothing_matters_and_that_is_said(tmp_path: Path, capsys: Any) -> None:
    world = TuneWorld(tmp_path, model(yes=0.97, no=0.03))
    assert await world.tune(trials=3) == 0
    said = capsys.readouterr().out
    assert said.startswith("None of 3 trials did better than the settings in force")
    assert "Keep them." in said and not world.tuned.exists() and not world.held_back()


async def test_luck_on_the_development_questions_is_no_gain(tmp_path: Path, capsys: Any) -> None:
    world, known = TuneWorld(tmp_path), dict[str, bool]()
    lucky = {case["id"][1:] for case in world.sides().development}
    whole = model(yes=0.97, no=0.03, right=lambda lamp: known[lamp])

    def answer(step: str, prompt: str) -> Reply | str:
        if step == "candidate":  # warm, it knows what it is tuned on; cold, every other lamp
            lamp = re.findall(r"lamp (ax\d+)", prompt)[-1]
            warm = bool(world.calls[-1].get("temperature"))
            known[lamp] = lamp in lucky if warm else int(lamp[2:]) % 2 > 0
        reply: Reply | str = whole(step, prompt)
        return reply

    world.answer = answer
    await world.tune("temperature=0..1", trials=2)
    said = capsys.readouterr().out
    assert "development (16 questions, chosen by): 0.688 -> 1.000" in said
    assert "No gain was shown: keep the settings in force." in said
    assert "# No gain was shown" in world.tuned.read_text()


async def test_held_back_questions_are_asked_after_the_choice_alone(world: TuneWorld) -> None:
    sides, early = world.sides(), set()
    whole = model()

    def answer(step: str, prompt: str) -> Reply | str:
        if not (world.folder / HELD_BACK).exists():
            early.update(re.findall(r"How does the lamp (ax\d+) shine", prompt))
        reply: Reply | str = whole(step, prompt)
        return reply

    world.answer = answer
    await world.tune()
    assert "runs failed" not in world.tuned.read_text()
    first, later = ({case["id"] for case in side} for side in (sides.development, sides.held_back))
    assert not first & later
    assert {f"q{lamp}" for lamp in early} == first == {r["case"]["id"] for r in world.rows_in()}
    assert {row["case"]["id"] for row in world.held_back()} == later


async def test_held_back_answers_do_not_touch_the_choice(tmp_path: Path) -> None:
    worlds = [TuneWorld(tmp_path / "a")]
    later = {case["id"][1:] for case in worlds[0].sides().held_back}
    other = lambda lamp: ["nonsense" if lamp in later else colour(lamp)]  # noqa: E731
    worlds.append(TuneWorld(tmp_path / "b", answers=other))
    for world in worlds:
        await world.tune()
    assert chosen(worlds[0]) == chosen(worlds[1])
    assert "0.250 -> 0.250" in worlds[1].tuned.read_text()


async def test_accepted_answers_reach_no_graph(world: TuneWorld) -> None:
    await world.tune(trials=2)
    seen = json.dumps([world.prompts, world.calls, world.store.asked], default=repr)
    assert "ax11" in seen and GOLD not in seen
    assert GOLD not in "".join(settings.model_dump_json() for settings in world.toolkits)


async def test_the_critics_calibration_is_fitted(world: TuneWorld, capsys: Any) -> None:
    low = ("context.support_threshold=0.1",)
    await world.tune("calibration", sets=low, trials=2, held_back=0.3)
    said = capsys.readouterr().out
    assert "calibration: as it is -> fitted" in said and "support.en: Brier" in said
    held = load_settings(world.tuned).critic.calibration["scripted"]
    assert "support.en" in held and "support.ko" not in held
    tuned = [row for row in world.held_back() if row["variant"] != "current"]
    assert all(row["status"] == "abstained" for row in tuned if not row["case"]["answerable"])
    assert all(row["short"] for row in tuned if row["case"]["answerable"])


@pytest.mark.parametrize("calls", [100, 260])
async def test_a_killed_search_goes_on_as_it_would_have(tmp_path: Path, calls: int) -> None:
    await killed("tune_world", str(tmp_path / "killed"), calls)
    world, whole = TuneWorld(tmp_path / "killed"), TuneWorld(tmp_path / "whole")
    before = world.rows_in()
    assert before
    with (world.folder / STUDY).open("ab") as study:
        study.write(b'{"op_code": 4, "wor')  # killed while it wrote
    await world.tune()
    await whole.tune()
    assert world.rows_in()[: len(before)] == before
    asked = [[(r["variant"], r["case"]["id"]) for r in w.rows_in()] for w in (world, whole)]
    assert asked[0] == asked[1] and len(set(asked[0])) == len(asked[0])
    assert chosen(world) == chosen(whole)


async def test_more_trials_add_to_those_there(world: TuneWorld) -> None:
    await world.tune(trials=2)
    first = world.rows_in()
    world.prompts.clear()
    await world.tune(trials=2)
    assert world.prompts == ["Hello"]  # the model is woken up
    await world.tune(trials=3)
    assert world.rows_in()[: len(first)] == first and len(world.rows_in()) > len(first)


async def test_a_budget_leaves_room_for_the_verdict(world: TuneWorld, capsys: Any) -> None:
    await world.tune(budget=Budget(calls=60))
    assert "Stopped for the limit of 60 calls: run it again" in capsys.readouterr().out
    assert not world.held_back() and len(world.rows_in()) < 16
    await world.tune(budget=Budget(calls=530))
    assert "Stopped for the limit of 530 calls" in capsys.readouterr().out
    assert len(world.held_back()) == 32
    spent = sum(r["usage"]["calls"] for r in [*world.rows_in(), *world.held_back()])
    assert spent <= 540
    await world.tune()
    assert "Stopped" not in capsys.readouterr().out


async def test_more_trials_leave_room_for_a_new_winners_verdict(
    world: TuneWorld, capsys: Any
) -> None:
    await world.tune(seed=16, trials=2)  # the second trial is better, the third is best
    first = {row["variant"] for row in world.held_back()} - {"current"}
    took: list[int] = [spent(r)[0] for r in (*world.rows_in(), *world.held_back())]  # type: ignore[arg-type]
    budget = Budget(calls=sum(took) + (2 * 16 + 1) * max(took))
    await world.tune(seed=16, trials=40, budget=budget)
    assert "Stopped for the limit" in capsys.readouterr().out
    asked = Counter(row["variant"] for row in world.held_back())
    (new,) = set(asked) - {"current"} - first
    assert asked[new] == 16


def one_is_hard(world: TuneWorld, *, luck: bool) -> Any:
    """Of the questions to tune on the model gets one wrong; with luck none, and all others."""
    sides = world.sides(5)
    hard = {case["id"][1:] for case in (sides.held_back if luck else sides.development[-1:])}
    return model(right=lambda lamp: lamp not in hard)


async def test_a_lucky_winner_does_not_replace_one_whose_gain_was_shown(
    world: TuneWorld, capsys: Any
) -> None:
    world.answer = one_is_hard(world, luck=False)
    await world.tune(seed=5, trials=2)
    proven = world.tuned.read_text()
    assert "# The gain is shown." in proven and "earlier winner" not in capsys.readouterr().out
    world.answer = one_is_hard(world, luck=True)
    await world.tune(seed=5, trials=3)
    said = capsys.readouterr().out
    assert "1 earlier winner was judged by these questions" in said
    assert "below p = 0.025 only" in said and "No gain was shown" in said
    assert "tuned.toml is left as it is: it holds earlier settings" in said
    assert world.tuned.read_text() == proven


async def test_trials_of_other_answers_are_not_compared(world: TuneWorld) -> None:
    await world.tune(trials=1)
    file = world.set / "queries.jsonl"
    *others, last = map(json.loads, file.read_text("utf-8").splitlines())
    edited = [*others, {**last, "answers": ["something else"]}]
    file.write_text("".join(json.dumps(one) + "\n" for one in edited), "utf-8")
    with pytest.raises(InputError, match="about something else: answers and sources"):
        await world.tune(trials=2)


async def test_runs_that_failed_count_and_are_told(world: TuneWorld, capsys: Any) -> None:
    lamp, whole = world.sides().held_back[0]["id"][1:], model()

    def answer(step: str, prompt: str) -> Reply | str:
        asked = f"How does the lamp {lamp} shine" in prompt
        reply: Reply | str = Reply(error=ModelError("No.")) if asked else whole(step, prompt)
        return reply

    world.answer = answer
    await world.tune(trials=2)
    assert "16 questions; 1 and 1 runs failed" in capsys.readouterr().out


async def test_an_outage_is_no_verdict(world: TuneWorld, capsys: Any) -> None:
    """Those that failed are asked again once the model is back, in the search and behind it."""

    def away(step: str, prompt: str) -> Reply | str:
        return "Hi" if "Hello" in prompt else Reply(error=ModelError("Away."))

    whole = world.answer
    await world.tune(trials=1)
    world.answer = away
    with pytest.raises(
        InputError, match=r"questions failed with \w+=.*Mend that, then run it again"
    ):
        await world.tune(trials=3)
    world.answer = whole
    await world.tune(trials=3)
    assert "failed" not in capsys.readouterr().out
    assert not any("error" in row for row in read(world.folder / ROWS).rows)
    (world.folder / HELD_BACK).unlink(missing_ok=True)
    world.answer = away
    with pytest.raises(InputError, match="16 of 16 questions failed"):
        await world.tune(trials=3)
    world.answer = whole
    await world.tune(trials=3)
    assert "failed" not in capsys.readouterr().out
