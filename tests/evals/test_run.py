"""`churon eval run`: whole rows, resumed, bounded, never asked with the accepted answer."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from support.eval_world import CORPUS, GOLD, QUESTIONS, World, quoting
from support.process import killed
from support.scripted import Reply

from churon.evals.report import gather, view
from churon.evals.spending import Budget
from churon.tools.errors import InputError, ModelError, ModelMissing


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def made(world: World) -> list[tuple[str, str]]:
    return [(row["case"]["id"], row["variant"]) for row in world.rows()]


async def test_a_row_holds_all_that_came_of_a_case(world: World) -> None:
    assert await world.run("two_stage") == 0
    assert sorted(made(world)) == [(id_, "two_stage") for id_, *_ in QUESTIONS]
    row = next(row for row in world.rows() if row["case"]["id"] == "q1")
    assert row["answer"] == "The Lumen ferry leaves Aren harbour at 07:30."
    assert (row["short"], row["status"], row["graph"]) == ("07:30", "partial", "two_stage")
    assert row["claims"][0]["evidence_ids"] == ["d1"] == row["ranked"][:1]
    assert set(row["ranked"]) == set(CORPUS)
    first = row["read"][0]
    assert (first["id"], first["used"], first["start"]) == ("d1", True, 0)
    assert first["end"] == len(CORPUS["d1"]) and first["text"] == CORPUS["d1"]
    assert row["usage"]["calls"] == 1 and row["usage"]["searches"] == 1
    assert set(row["stages"]) == {"search", "generate"} and row["seconds"] > 0
    assert row["case"]["relevant"] == {"d1": 1} and row["at"].endswith("+00:00")


async def test_a_row_says_where_it_comes_from(world: World) -> None:
    await world.run("small=two_stage,k2=2,limits.calls=9", n=1)
    (row,) = world.rows()
    told = row["provenance"]
    assert (told["set"], told["seed"]) == ("ferries", 7) and len(told["corpus"]) == 16
    assert told["context"]["k2"] == 2 and told["context"]["limits"]["calls"] == 9
    assert told["model"].startswith("embedded:") and "e5" in told["embedding"]
    assert told["reranker"] == "none" and told["settings"]["store.fusion"] == "weighted"
    assert {"churon", "code", "langgraph", "python"} <= set(told["versions"])
    assert told["conditions"]["at_once"] == "1" and "cores" in told["conditions"]["machine"]
    assert "api_key" not in json.dumps(told) and "uri" not in json.dumps(told["settings"])


@pytest.mark.parametrize("graph", ["two_stage", "self_rag", "cot_rag", "mcts_rag", "agent"])
async def test_the_accepted_answer_reaches_nothing_that_a_run_sees(
    world: World, graph: str
) -> None:
    await world.run(graph)
    seen = json.dumps([world.prompts, world.calls, world.store.asked], default=repr)
    seen += json.dumps([one.page_content + repr(one.metadata) for one in world.store.held.values()])
    assert "Lumen" in seen and GOLD not in seen
    assert GOLD not in "".join(settings.model_dump_json() for settings in world.toolkits)


async def test_variants_follow_each_other_case_by_case(world: World) -> None:
    await world.run("two_stage", "alone=closed_book", "small=two_stage,k1=2")
    asked = made(world)
    assert len(asked) == 12
    for place in range(0, 12, 3):
        assert len({case for case, _ in asked[place : place + 3]}) == 1
    assert {name for _, name in asked[::3]} == {"two_stage", "alone", "small"}


async def test_rows_know_the_order_in_which_variants_were_named(world: World) -> None:
    await world.run("two_stage", "alone=closed_book", at_once=3)
    rows = world.rows()
    assert {tuple(row["variants"]) for row in rows} == {("two_stage", "alone")}
    late = [row for row in rows if row["variant"] == "alone"]
    late += [row for row in rows if row["variant"] == "two_stage"]
    world.output.write_text("".join(json.dumps(row) + "\n" for row in late))
    await world.run("small=two_stage,k1=2", "alone=closed_book", n=2)
    found = gather([world.output])
    names = [row["variant"] for row in found.rows]
    assert list(dict.fromkeys(names)) == ["two_stage", "alone", "small"] and len(names) == 10
    assert view(found)["a"] == "two_stage"


async def test_the_corpus_is_written_once_in_a_collection_of_its_own(world: World) -> None:
    await world.run("two_stage", "closed_book", n=1)
    await world.run("two_stage", n=2)
    assert sorted(world.store.written) == sorted(CORPUS)
    names = {settings.store.collection for settings in world.toolkits}
    assert len(names) == 1 and names.pop().startswith("eval_ferries_")


async def test_a_filling_that_was_killed_goes_on(world: World) -> None:
    await world.run("two_stage", n=1)
    for id_ in ("d2", "d3"):
        del world.store.held[id_]
    world.store.written.clear()
    await world.run("two_stage", n=2)
    assert world.store.written == ["d2", "d3"]


async def test_a_larger_sample_asks_only_the_rest(world: World) -> None:
    await world.run("two_stage", n=2)
    first = made(world)
    await world.run("two_stage", n=4)
    assert made(world)[:2] == first and len(set(made(world))) == 4 == len(made(world))
    await world.run("two_stage", n=4)
    assert len(made(world)) == 4


@pytest.mark.parametrize(("calls", "at_once"), [(3, 1), (6, 1), (8, 3)])
async def test_a_killed_run_goes_on_where_it_was(tmp_path: Path, calls: int, at_once: int) -> None:
    await killed("eval_world", tmp_path, calls, at_once)
    world = World(tmp_path)
    before = made(world)
    assert 0 < len(before) < 8
    assert await world.run("two_stage", "closed_book", at_once=at_once) == 0
    assert made(world)[: len(before)] == before
    assert len(made(world)) == 8 == len(set(made(world)))


async def test_a_torn_line_is_asked_again(world: World, capsys: Any) -> None:
    await world.run("two_stage", n=2)
    whole = world.output.read_bytes()
    world.output.write_bytes(whole[:-40])
    capsys.readouterr()
    assert await world.run("two_stage", n=2) == 0
    assert "1 rows, 1 unreadable lines; 1 to ask" in capsys.readouterr().err
    lines = world.output.read_bytes().splitlines()
    assert (
        len(lines) == 3
        and json.loads(lines[2])["case"] == json.loads(whole.splitlines()[1])["case"]
    )


async def test_errors_are_rows_and_are_asked_again(world: World, capsys: Any) -> None:
    def failing(step: str, prompt: str) -> Reply | str:
        broken = Reply(error=ModelError("The model choked."))
        return broken if "Captain" in prompt.split("[2]")[0] else quoting(step, prompt)

    world.answer = failing
    assert await world.run("two_stage") == 1
    (failed,) = [row for row in world.rows() if "error" in row]
    assert failed["error"] == "ModelError: The model choked."
    assert failed["usage"]["calls"] >= 1 and "answer" not in failed
    assert await world.run("two_stage", keep_errors=True) == 0
    assert len(made(world)) == 4
    world.answer = quoting
    assert await world.run("two_stage") == 0
    assert made(world)[4:] == [("q2", "two_stage")] and "error" not in world.rows()[4]


async def test_what_fails_everywhere_ends_the_run(world: World) -> None:
    def missing(step: str, prompt: str) -> Reply | str:
        error = ModelMissing("There is no such model.", remedy="Pull it.")
        return "Hi" if "Hello" in prompt else Reply(error=error)

    world.answer = missing
    with pytest.raises(ModelMissing, match="Pull it"):
        await world.run("two_stage", at_once=2)
    assert world.rows() == []


@pytest.mark.parametrize(
    ("budget", "most", "said"),
    [
        # one to answer, one to shorten the answer
        (Budget(calls=4), 2, "stopped after 4 calls; 2 rows are still to be made"),
        (Budget(tokens=10), 1, "stopped after 10 tokens"),
        (Budget(minutes=0), 0, "stopped after 0 minutes"),
    ],
)
async def test_a_limit_ends_it_at_the_end_of_a_row(
    world: World, budget: Budget, most: int, said: str, capsys: Any
) -> None:
    assert await world.run("two_stage", budget=budget) == 0
    assert len(world.rows()) == most and said in capsys.readouterr().out
    assert all("error" not in row for row in world.rows())
    await world.run("two_stage", budget=budget)  # what was spent stays spent
    assert len(world.rows()) == most
    await world.run("two_stage")
    assert len(world.rows()) == 4


async def test_several_questions_at_once(world: World) -> None:
    waiting = most = 0

    async def held(*_: Any, **__: Any) -> Any:
        nonlocal waiting, most
        waiting, most = waiting + 1, max(most, waiting + 1)
        await asyncio.sleep(0.02)
        waiting -= 1
        return await found(*_, **__)

    found, world.store.search = world.store.search, held  # type: ignore[method-assign]
    await world.run("two_stage", "small=two_stage,k1=2", at_once=3)
    assert most == 3 and len(set(made(world))) == 8


async def test_rows_made_otherwise_are_not_mixed(world: World) -> None:
    await world.run("a=two_stage", n=1)
    with pytest.raises(InputError, match=r"context\.k2: \d+, now 2.*--output"):
        await world.run("a=two_stage,k2=2", n=2)
    with pytest.raises(InputError, match="graph: two_stage, now closed_book"):
        await world.run("a=closed_book", n=2)
    await world.run("b=two_stage,k2=3", n=2)
    assert len(world.rows()) == 3


async def test_what_changes_no_answer_does_not_keep_a_run_from_going_on(world: World) -> None:
    await world.run("two_stage", n=1)
    await world.run("two_stage=two_stage,chat.timeout=900,chat.threads=1", n=2)
    assert len(world.rows()) == 2


async def test_a_run_goes_on_elsewhere_and_says_so(world: World) -> None:
    await world.run("two_stage", n=1)
    await world.run("two_stage", n=2, at_once=2)
    told = [row["provenance"]["conditions"]["at_once"] for row in world.rows()]
    assert told == ["1", "2"]


async def test_one_writer_a_file(world: World) -> None:
    with (
        FileLock(f"{world.output}.lock"),
        pytest.raises(InputError, match=r"Another run is writing.*--output"),
    ):
        await world.run("two_stage")


async def test_another_file_is_not_written_over(world: World) -> None:
    world.output.write_text("a note\nof mine\n")
    with pytest.raises(InputError, match="no row of an evaluation"):
        await world.run("two_stage")
    assert world.output.read_text() == "a note\nof mine\n"


async def test_the_users_own_store_is_searched(world: World, tmp_path: Path) -> None:
    questions = tmp_path / "mine.csv"
    questions.write_text("question,answer,document\nWho leads the Lumen?,Sora Han,d2\n")
    with pytest.raises(InputError, match="churon ingest"):
        await world.run("two_stage", set_=questions)
    await world.run("two_stage", n=1)  # fills the store
    world.output.unlink()
    assert await world.run("two_stage", set_=questions) == 0
    (row,) = world.rows()
    assert row["answer"] == CORPUS["d2"] and world.toolkits[-1].store.collection == "churon"
    assert len(row["provenance"]["corpus"]) == 16


async def test_variants_share_what_is_equal(world: World) -> None:
    given: list[set[str]] = []
    make = world.make

    def watched(settings: Any, **shared: Any) -> Any:
        given.append(set(shared))
        return make(settings, **shared)

    world.make = watched  # type: ignore[method-assign]
    await world.run("two_stage", "b=two_stage,k2=2", "c=two_stage,chat.model=other", n=1)
    assert given == [set(), {"chat", "embeddings", "store"}, {"embeddings", "store"}]
