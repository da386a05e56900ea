"""Files of rows that are complete, shared by sets, or begun anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.eval_world import World
from support.judge_world import JudgeWorld
from support.rows import case, provenance, row

from churon.cli.evals.show import run as show
from churon.evals.provenance import provenance as provenance_of
from churon.evals.renewed import aside
from churon.tools.errors import InputError
from churon.tools.settings import load_settings

HEAD = "id,question,answer,document\n"
ASKED = "a,Who leads the Lumen?,Han,d2\n"


@pytest.fixture
async def world(tmp_path: Path) -> World:
    """Its store holds the corpus; `mine.csv` asks one question about it, which was asked."""
    made = World(tmp_path)
    await made.run("two_stage", n=1)
    made.output.unlink()
    made.set = tmp_path / "mine.csv"
    made.set.write_text(HEAD + ASKED)
    await made.run("two_stage")
    return made


async def test_other_settings_are_refused_where_nothing_is_left_to_ask(world: World) -> None:
    with pytest.raises(InputError, match=r"context\.k2: \d+, now 2"):
        await world.run("two_stage=two_stage,k2=2")


async def test_a_misspelt_source_is_refused_where_nothing_is_left_to_ask(world: World) -> None:
    before = world.output.read_text()
    world.set.write_text(HEAD + ASKED.replace("d2", "d22"))
    with pytest.raises(InputError, match="'d22', which the question 'a' names"):
        await world.run("two_stage")
    assert world.output.read_text() == before


async def test_a_copy_of_a_set_is_not_counted_as_asked(world: World, tmp_path: Path) -> None:
    copy = tmp_path / "copy.csv"
    copy.write_text(HEAD + ASKED.replace("Han", "Captain Sora Han"))
    with pytest.raises(InputError, match="set: mine, now copy"):
        await world.run("two_stage", set_=copy)


async def test_judging_keeps_rows_of_every_set(tmp_path: Path) -> None:
    world = JudgeWorld(tmp_path)
    usage = {"calls": 1, "tokens": 1, "searches": 1, "seconds": 1.0, "cache_hits": 0}
    rows = [
        row(case("q"), usage=usage, provenance=provenance(set=name, corpus=name), answer=name)
        for name in ("spring", "autumn")
    ]
    world.output.write_text("".join(json.dumps(one) + "\n" for one in rows))
    await world.judged()
    assert [one["provenance"]["set"] for one in world.rows()] == ["spring", "autumn"]


async def test_rows_that_stay_aside_stop_no_new_beginning(world: World) -> None:
    other = "b,Who steers the Lumen?,Han,d2\n"
    world.set.write_text(HEAD + ASKED + other)
    await world.run("two_stage")
    world.set.write_text(HEAD + other)
    await world.run("two_stage")
    assert aside(world.output).exists()
    world.output.unlink()
    assert await world.run("two_stage=two_stage,k2=2") == 0
    # what comes back was made otherwise: the file that it comes from is named
    world.set.write_text(HEAD + ASKED + other)
    with pytest.raises(InputError, match=r"withdrawn' holds rows .* made otherwise"):
        await world.run("two_stage=two_stage,k2=2")


async def test_the_only_question_may_be_mended(world: World) -> None:
    world.set.write_text(HEAD + ASKED.replace("Lumen", "LUMEN"))
    assert await world.run("two_stage") == 0
    assert [one["case"]["question"] for one in world.rows()] == ["Who leads the LUMEN?"]


async def test_a_folder_is_no_file_of_rows(world: World, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        await world.run("two_stage", output=tmp_path)
    with pytest.raises(InputError, match=r"'\.' is a folder"):
        await world.run("two_stage", output=Path())


def test_rows_without_costs_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = {name: value for name, value in row().items() if name != "usage"}
    (tmp_path / "rows.jsonl").write_text(json.dumps(held) + "\n")
    assert show(tmp_path / "rows.jsonl") == 0
    assert "1 rows" in capsys.readouterr().out


def test_another_model_file_of_one_path_is_another_model(tmp_path: Path) -> None:
    file = tmp_path / "mine.gguf"
    made = []
    for content in (b"one", b"two"):
        file.write_bytes(content)
        made.append(provenance_of("s", "c", load_settings(None, chat={"model": str(file)})))
    assert made[0]["settings"]["chat.file"] != made[1]["settings"]["chat.file"]
    assert "kiwipiepy" in made[0]["versions"]
