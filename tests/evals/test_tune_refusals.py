"""What `churon eval tune` refuses, before a question is asked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.scripted import Reply
from support.tune_world import TuneWorld

from churon.evals.spending import Budget
from churon.tools.errors import InputError, ModelError, SettingsError

pytest.importorskip("optuna", reason="the extra eval is not installed")


@pytest.fixture
def world(tmp_path: Path) -> TuneWorld:
    return TuneWorld(tmp_path)


async def test_no_minutes_no_questions(world: TuneWorld, capsys: Any) -> None:
    await world.tune(budget=Budget(minutes=0))
    assert "were not asked everything yet" in capsys.readouterr().out
    assert world.rows_in() == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"graph": "closed_book"}, "Nothing of the graph 'closed_book' can be tuned"),
        ({"knobs": ["k3"]}, "There is no knob 'k3'"),
        ({"knobs": ["seed=1..9"]}, "There is no knob 'seed'"),
        ({"knobs": ["k2=8..1"]}, "leaves nothing to try"),
        ({"knobs": ["k2=one..5"]}, "is not NAME or NAME=LOW..HIGH"),
        ({"knobs": ["k2=1.2.3..5"]}, "is not NAME or NAME=LOW..HIGH"),
        ({"knobs": ["k2=0..5"]}, "k2=0 is refused"),
        ({"knobs": ["k2=1.5..5"]}, "k2=1.5 is refused"),
        ({"knobs": ["temperature"]}, "has no usual bounds"),
        ({"graph": "two_stage", "knobs": ["calibration"]}, "asks no critic"),
        ({"objective": "best"}, "There is no objective 'best'"),
        ({"objective": "accuracy"}, "has no meaning for these questions"),
        ({"n": 6}, "are too few"),
    ],
)
async def test_bad_arguments(world: TuneWorld, given: dict[str, Any], said: str) -> None:
    knobs = given.pop("knobs", [])
    with pytest.raises((InputError, SettingsError), match=re.escape(said)):
        await world.tune(*knobs, **given)
    assert not world.tuned.exists()


async def test_a_file_of_the_users_is_left_alone(world: TuneWorld) -> None:
    world.folder.mkdir()
    world.tuned.write_text("[context]\nk2 = 4\n")
    with pytest.raises(InputError, match="was not written by `churon eval tune`"):
        await world.tune()
    assert world.tuned.read_text() == "[context]\nk2 = 4\n" and world.prompts == []


async def test_another_study_is_not_gone_on_with(world: TuneWorld) -> None:
    await world.tune(trials=1)
    with pytest.raises(InputError, match="about something else: objective: quality, now em"):
        await world.tune(trials=1, objective="em")
    with pytest.raises(InputError, match=r"made otherwise: context\.k2: 2, now 3"):
        await world.tune(trials=2, sets=("context.k2=3",))


async def test_other_settings_are_another_tuning(world: TuneWorld) -> None:
    await world.tune(trials=1)
    with pytest.raises(InputError, match="Tune into another folder"):
        await world.tune(trials=2, sets=("context.k2=3",))


async def test_a_graph_that_fails_is_not_tuned(world: TuneWorld) -> None:
    def broken(step: str, prompt: str) -> Reply | str:
        return "Hi" if "Hello" in prompt else Reply(error=ModelError("The model choked."))

    world.answer = broken
    with pytest.raises(InputError, match=r"questions failed, the last with: .*choked"):
        await world.tune("k2")
