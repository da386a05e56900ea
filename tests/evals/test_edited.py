"""What a run does when its set was edited, names what is not there, or the shortener fails."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from support.eval_world import CORPUS, World, quoting
from support.scripted import Reply

from churon.evals.datasets.case import case
from churon.evals.gold import check_gold
from churon.evals.metrics import MEASURES
from churon.evals.pairing import pair
from churon.evals.renewed import aside, rewrite
from churon.evals.rows import read
from churon.evals.spending import Budget
from churon.evals.tune.objective import quality_of
from churon.tools.errors import InputError, ModelError

HEAD = "id,question,answer,document,language,accept\n"
ROWS = ["a,Who leads the Lumen?,Han,d2,,yes", "b,파도호의 정원은?,198명,d3,,yes"]


@pytest.fixture
async def world(tmp_path: Path) -> World:
    """Its store holds the corpus; `mine.csv` asks two questions about it."""
    made = World(tmp_path)
    await made.run("two_stage", n=1)
    made.output.unlink()
    (tmp_path / "mine.csv").write_text(HEAD + "\n".join(ROWS) + "\n")
    made.set = tmp_path / "mine.csv"
    await made.run("two_stage", "closed_book")
    return made


def edited(world: World, *lines: str) -> None:
    world.set.write_text(HEAD + "\n".join(lines) + "\n")


async def test_corrected_answers_are_scored_and_not_asked_again(world: World, capsys: Any) -> None:
    before = world.rows()
    edited(world, ROWS[0].replace("Han", "Sora Han"), ROWS[1])
    await world.run("two_stage", "closed_book")
    assert "2 rows follow the answers and sources as they are now" in capsys.readouterr().err
    after = world.rows()
    assert len(after) == 4
    for old, new in zip(before, after, strict=True):
        first = new["case"]["id"] == "a"
        assert new["case"]["answers"] == (["Sora Han"] if first else ["198명"])
        assert {**new, "case": 0} == {**old, "case": 0}
    await world.run("two_stage", "late=two_stage,k2=2")
    rows = [row for row in read(world.output).rows if row["variant"] != "closed_book"]
    sides = [[row for row in rows if row["variant"] == name] for name in ("two_stage", "late")]
    assert len(pair(*sides).pairs) == 2


async def test_withdrawn_questions_go_to_a_file_of_their_own(world: World, capsys: Any) -> None:
    edited(world, ROWS[0].replace(",yes", ",no"), ROWS[1])
    await world.run("two_stage", "closed_book")
    assert "2 rows of questions no longer asked" in capsys.readouterr().err
    assert {row["case"]["id"] for row in world.rows()} == {"b"}
    withdrawn = aside(world.output).read_text().splitlines()
    assert {json.loads(line)["case"]["id"] for line in withdrawn} == {"a"}
    edited(world, *ROWS)  # a slip: they come back as they were
    await world.run("two_stage", "closed_book")
    said = capsys.readouterr().err
    assert "2 rows come back from" in said and "0 to ask" in said
    assert len(world.rows()) == 4 and not aside(world.output).exists()


def test_rows_that_are_rewritten_touch_no_file_of_nearly_their_name(world: World) -> None:
    near = world.output.with_name(f"{world.output.name}.new")
    near.write_text("a user's own")
    rewrite(world.output, read(world.output).rows)
    assert len(world.rows()) == 4 and near.read_text() == "a user's own"


async def test_a_kill_while_rows_move_loses_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {(row["case"]["id"], row["variant"]) for row in world.rows()}
    for lines in ((ROWS[0].replace(",yes", ",no"), ROWS[1]), tuple(ROWS)):
        for at in (1, 2, 3):
            edited(world, *lines)
            left = [at]

            def killed(path: Path, rows: Any, left: list[int] = left) -> None:
                left[0] -= 1
                if not left[0]:
                    raise KeyboardInterrupt
                rewrite(path, rows)

            monkeypatch.setattr("churon.evals.renewed.rewrite", killed)
            with pytest.raises(KeyboardInterrupt):
                await world.run("two_stage", "closed_book")
            monkeypatch.undo()
            held = [*read(world.output).rows, *read(aside(world.output)).rows]
            assert {(row["case"]["id"], row["variant"]) for row in held} == before
        await world.run("two_stage", "closed_book")
    assert len(read(world.output).rows) == 4 and not aside(world.output).exists()


async def test_nothing_moves_where_the_run_is_refused(world: World, tmp_path: Path) -> None:
    before = world.output.read_text()
    other = tmp_path / "other" / "mine.csv"
    other.parent.mkdir()
    other.write_text(f"{HEAD}z,Who leads the Lumen?,Han,d2,,yes\n")
    with pytest.raises(InputError, match="rows of other questions under the name 'mine'"):
        await world.run("two_stage", set_=other)
    edited(world, ROWS[0].replace(",yes", ",no"), ROWS[1].replace(",d3,", ",d33,"))
    with pytest.raises(InputError, match="'d33'"):
        await world.run("late=two_stage,k2=2")
    assert world.output.read_text() == before and not aside(world.output).exists()


@pytest.mark.parametrize(
    "line", [ROWS[0].replace("leads", "steers"), ROWS[0].replace(",,yes", ",ko,yes")]
)
async def test_a_question_asked_otherwise_is_asked_again(world: World, line: str) -> None:
    edited(world, line, ROWS[1])
    await world.run("two_stage", "closed_book")
    rows = [row["case"] for row in world.rows() if row["case"]["id"] == "a"]
    assert len(rows) == 2
    assert all("steers" in one["question"] or one["language"] == "ko" for one in rows)


async def test_another_set_in_the_file_stays(world: World, tmp_path: Path) -> None:
    await world.run("whole=two_stage", set_=tmp_path / "ferries")
    assert len(world.rows()) == 4 + 4
    await world.run("two_stage", "closed_book")
    assert len(world.rows()) == 4 + 4


async def test_gold_that_the_store_lacks_is_refused(world: World) -> None:
    edited(world, ROWS[0].replace(",d2,", ",d22,"), ROWS[1])
    world.output.unlink()
    with pytest.raises(InputError, match="'d22', which the question 'a' names") as refused:
        await world.run("two_stage")
    assert "'d2'" in str(refused.value)
    assert world.rows() == []


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("guide.md", r"Write it as the store does: 'docs/guide\.md'\."),
        ("/home/kim/docs/guide.md", r"'docs/guide\.md'"),
        ("xyz.pdf", "churon documents list"),
    ],
)
def test_what_is_near_is_named(name: str, remedy: str) -> None:
    asked = case("q", "Q?", ["x"], relevant={name: 1})
    with pytest.raises(InputError, match=remedy):
        check_gold([asked], {"docs/guide.md", "p1"}, own=False)


def test_a_corpus_that_was_cut_down_may_lack_gold() -> None:
    asked = case("q", "Q?", ["x"], relevant={"d1": 1, "d9": 1})
    check_gold([asked], {"d1"}, own=True)
    with pytest.raises(InputError, match="The corpus does not hold 'd1'"):
        check_gold([asked], {"d2"}, own=True)


def test_korean_names_are_spelt_alike_however_they_are_composed() -> None:
    apart = unicodedata.normalize("NFD", "안내.md")
    span = {"document": apart, "start": 0, "end": 3}
    made = case("q", "Q?", ["x"], relevant={apart: 1}, spans=[span])  # type: ignore[list-item]
    assert made["relevant"] == {"안내.md": 1} and made["spans"][0]["document"] == "안내.md"


async def test_an_answer_outlives_the_shortener(world: World, capsys: Any) -> None:
    def failing(step: str, prompt: str) -> Reply | str:
        broken = Reply(error=ModelError("The model is busy."))
        return broken if "Which words" in prompt else quoting(step, prompt)

    world.output.unlink()
    world.answer = failing
    assert await world.run("two_stage") == 1
    assert "answers not cut down to a phrase: 1; run it again" in capsys.readouterr().out
    row = next(row for row in world.rows() if row["case"]["id"] == "a")
    assert row["answer"] == CORPUS["d2"] and "short" not in row and "error" not in row
    assert row["shortening"]["error"] == "ModelError: The model is busy."
    assert MEASURES["f1"].score(row) is None and MEASURES["match"].score(row) == 1  # type: ignore[arg-type]
    assert quality_of(row) is None  # type: ignore[arg-type]
    assert await world.run("two_stage", budget=Budget(calls=5)) == 1
    again = next(row for row in read(world.output).rows if row["case"]["id"] == "a")
    assert again["shortening"]["calls"] == 2  # each try counts
    assert await world.run("two_stage", budget=Budget(calls=5)) == 0
    assert "stopped after 5 calls; 1 rows" in capsys.readouterr().out

    def mended(step: str, prompt: str) -> Reply | str:
        return "Captain Sora Han" if "Which words" in prompt else quoting(step, prompt)

    world.answer, world.calls = mended, []
    assert await world.run("two_stage") == 0
    later = next(row for row in read(world.output).rows if row["case"]["id"] == "a")
    assert (later["short"], later["answer"]) == ("Captain Sora Han", row["answer"])
    assert "error" not in later["shortening"]
    assert len(world.calls) <= 2  # one to warm up, one to shorten


async def test_one_model_shortens_for_all(world: World) -> None:
    world.output.unlink()
    await world.run("a=two_stage,chat.model=one", "b=two_stage,chat.model=two", n=1)
    assert {row["provenance"]["shortener"] for row in world.rows()} == {"embedded:one"}
    with pytest.raises(InputError, match="shortener: embedded:one, now embedded:two"):
        await world.run("b=two_stage,chat.model=two", "a=two_stage,chat.model=one")


async def test_variants_that_learn_are_refused(world: World) -> None:
    with pytest.raises(InputError, match=r"'c' keeps cases.*context\.cases=false"):
        await world.run("c=cot_rag,cases=true")


async def test_a_set_with_documents_asked_of_the_users_own(world: World, tmp_path: Path) -> None:
    world.output.unlink()
    (tmp_path / "ferries" / "corpus.jsonl").write_text(
        '{"_id": "other", "text": "Not searched."}\n'
    )
    assert await world.run("two_stage", set_=tmp_path / "ferries", use_store=True, n=1) == 0
    (row,) = world.rows()
    assert row["case"]["relevant"] == {} and row["case"]["answers"]
    assert MEASURES["evidence recall"].score(row) is None


async def test_a_corpus_spelt_apart_holds_its_gold(world: World, tmp_path: Path) -> None:
    folder, name = tmp_path / "mac", unicodedata.normalize("NFD", "안내.md")
    folder.mkdir()
    corpus = {"_id": name, "text": "파도호의 승객 정원은 198명이다."}
    (folder / "corpus.jsonl").write_text(json.dumps(corpus))
    query = {"_id": "q", "text": "파도호의 승객 정원은?", "answers": ["198명"]}
    (folder / "queries.jsonl").write_text(json.dumps(query))
    (folder / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\nq\t{name}\t1\n")
    world.store.held.clear()
    world.output.unlink()
    assert await world.run("two_stage", set_=folder) == 0
    (row,) = world.rows()
    assert MEASURES["evidence recall"].score(row) == MEASURES["recall@5"].score(row) == 1
