"""`churon eval make` goes on with a file that the user changed, and loses nothing in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.make_world import MAYOR, SINGLE, World, proposing
from support.scripted import Reply

from churon.evals.datasets.load import load
from churon.tools.errors import InputError


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def renamed(world: World, **names: str) -> None:
    """The file with other names in its header."""
    header, rows = world.output.read_text("utf-8-sig").split("\n", 1)
    columns = [names.get(name, name) for name in header.rstrip().split(",")]
    world.output.write_text(",".join(columns) + "\n" + rows, "utf-8-sig")


@pytest.mark.parametrize(
    "names",
    [
        {"question": "질문", "answer": "정답", "document": "문서", "language": "언어"},
        {"question": "Question ", "answer": "answers", "document": "documents"},
        {"answer": "답", "language": "lang", "evidence": ""},
    ],
)
async def test_a_header_in_other_words(world: World, names: dict[str, str]) -> None:
    await world.run(n=1, kinds="single")
    renamed(world, **names)
    assert await world.run(n=3, kinds="single") == 0
    found = load(world.output).cases
    assert {(one["question"], *one["answers"]) for one in found} == set(SINGLE.values())
    assert all(one["relevant"] for one in found)
    assert {one["language"] for one in found} == {"en", "ko"}


async def test_a_column_of_the_users_own_stays_empty(world: World) -> None:
    await world.run(n=1, kinds="single")
    renamed(world, evidence="질문")  # a translation, say
    await world.run(n=3, kinds="single")
    last = world.output.read_text("utf-8-sig").splitlines()[-1].split(",")
    assert last[7] == "" and last[1] in {question for question, _ in SINGLE.values()}


async def test_a_question_under_a_korean_name_is_not_asked_twice(world: World) -> None:
    await world.run(n=1, kinds="single", language="en")
    renamed(world, question="질문")
    log = world.output.with_name("mine.csv.log.jsonl")
    text, asked = world.output.read_text("utf-8-sig"), load(world.output).cases[0]["question"]
    other = next(question for question, _ in SINGLE.values() if question != asked)
    world.output.write_text(text.replace(asked, other), "utf-8-sig")  # edited to the other one
    assert await world.run(n=2, kinds="single", language="en") == 1
    told = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert told[-1]["reason"] == "it was asked already"


@pytest.mark.parametrize("column", ["question", "answer"])
async def test_a_file_that_would_lose_questions_is_refused(world: World, column: str) -> None:
    await world.run(n=1, kinds="single")
    renamed(world, **{column: "frage"})
    before, asked = world.output.read_bytes(), len(world.prompts)
    with pytest.raises(InputError, match=rf"mine\.csv', line 1: .* no column '{column}' .*'frage'"):
        await world.run(n=3, kinds="single")
    assert world.output.read_bytes() == before and len(world.prompts) == asked


@pytest.mark.parametrize("left", [b"", b"\r\n", b"\xef\xbb\xbf"])
async def test_an_emptied_file_gets_a_header(world: World, left: bytes) -> None:
    await world.run(n=1, kinds="single")
    world.output.write_bytes(left)
    assert await world.run(n=3, kinds="single") == 0
    assert world.output.read_bytes().startswith(b"\xef\xbb\xbfaccept,question,answer")
    assert len(load(world.output).cases) == 2


async def test_an_empty_file_may_be_begun(world: World) -> None:
    world.output.write_bytes(b"")
    assert await world.run(n=1, kinds="single") == 0
    assert len(load(world.output).cases) == 1


async def test_a_row_of_json_without_its_log_line_is_known(world: World) -> None:
    world.output = world.output.with_name("mine.jsonl")
    await world.run(n=2, kinds="single")
    log = world.output.with_name("mine.jsonl.log.jsonl")
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[0])
    assert await world.run(n=2, kinds="single") == 0
    assert len(load(world.output).cases) == 2


@pytest.mark.parametrize("name", ["mine.csv", "mine.jsonl"])
async def test_an_answer_with_a_bar_is_one_answer(world: World, name: str) -> None:
    text = MAYOR + " They write P(A|B) for it."
    world.output = world.output.with_name(name)
    world.store.held = {"p0": next(iter(world.store.held.values()))}
    (held,) = world.store.held.values()
    held.page_content, held.metadata["document"] = text, "a|b.md"

    propose = proposing("How is the chance in Aren written?", "P(A|B)")

    def answer(step: str, prompt: str) -> Reply | str:
        made: Reply | str = propose(step, prompt)
        return "NONE" if "own knowledge" in prompt else made

    world.answer = answer
    assert await world.run(n=1, kinds="single", language="en") == 0
    (case,) = load(world.output).cases
    assert case["answers"] == ["P(A|B)"] and case["relevant"] == {"a|b.md": 1}
    assert [span["document"] for span in case["spans"]] == ["a|b.md"]
    assert "They write P(A|B) for it." in world.output.read_text("utf-8-sig")


@pytest.mark.parametrize("name", ["mine.csv", "mine.jsonl"])
async def test_half_a_letter_from_the_model(world: World, name: str) -> None:
    propose = proposing("Who is the mayor of Aren \ud83d?")

    def answer(step: str, prompt: str) -> Reply | str:
        return "NONE" if "own knowledge" in prompt else propose(step, prompt)

    world.output, world.answer = world.output.with_name(name), answer
    assert await world.run(n=1, kinds="single", language="en") == 0
    assert load(world.output).cases[0]["question"] == "Who is the mayor of Aren ??"
