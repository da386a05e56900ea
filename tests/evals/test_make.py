"""`churon eval make`: proposed, checked, written for review, gone on with, read back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from support.make_world import TEXTS, TWO, World, proposing, sensible
from support.scripted import Reply
from support.world import labels, settings

from churon.cli.evals.make import Wanted, run
from churon.evals.datasets.load import load
from churon.tools.errors import InputError


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("name", ["mine.csv", "mine.jsonl"])
async def test_every_kind_in_both_languages_with_its_place(world: World, name: str) -> None:
    world.output = world.output.with_name(name)
    assert await world.run(n=8) == 1  # there is but one pair
    found = load(world.output)
    kinds = [case["tags"][0] for case in found.cases]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "single": 3,
        "two_hop": 1,
        "unanswerable": 2,
    }
    assert {case["language"] for case in found.cases} == {"en", "ko"}
    for case in found.cases:
        for span in case["spans"]:
            text = TEXTS[span["document"]][span["start"] - 100 : span["end"] - 100]
            assert text.endswith(".") and text[0] != " "
        assert set(case["relevant"]) == {span["document"] for span in case["spans"]}
        assert "unreviewed" in case["tags"]
    (hops,) = [case for case in found.cases if "two_hop" in case["tags"]]
    assert set(hops["relevant"]) == {"bridge.md", "mayor.md"} and hops["answers"] == ["Sora Han"]
    nowhere = [case for case in found.cases if "unanswerable" in case["tags"]]
    assert all(not case["answerable"] and not case["answers"] for case in nowhere)


async def test_what_the_user_accepts_and_edits_is_read_back(world: World) -> None:
    await world.run(n=3, kinds="single")
    text = world.output.read_text("utf-8-sig")
    lines = text.splitlines()
    edited = [lines[0], "yes" + lines[1].replace("?", " exactly?"), "no" + lines[2], lines[3]]
    world.output.write_bytes("\r\n".join(edited).encode("cp949"))  # as Excel may save it
    found = load(world.output)
    assert found.left_out == {"not accepted": 1} and len(found.cases) == 2
    assert "exactly?" in found.cases[0]["question"] and "unreviewed" not in found.cases[0]["tags"]


async def test_going_on_adds_and_changes_nothing(world: World) -> None:
    assert await world.run(n=2, kinds="single") == 0
    before = world.output.read_bytes()
    edited = before.replace(b",", b";").replace(b"\r\n;", b"\r\nyes;").rstrip(b"\r\n")
    world.output.write_bytes(edited)
    assert await world.run(n=3, kinds="single") == 0
    after = world.output.read_bytes()
    assert after.startswith(edited) and len(load(world.output).cases) == 3
    asked = len(world.prompts)
    assert await world.run(n=3, kinds="single") == 0
    assert world.output.read_bytes() == after and len(world.prompts) == asked


async def test_what_the_user_deleted_is_not_proposed_again(world: World) -> None:
    await world.run(n=2, kinds="single")
    header = world.output.read_bytes().splitlines(keepends=True)[0]
    world.output.write_bytes(header)
    await world.run(n=3, kinds="single")
    assert len(load(world.output).cases) == 1


async def test_a_row_without_its_log_line_is_known(world: World) -> None:
    await world.run(n=2, kinds="single")
    log = world.output.with_name("mine.csv.log.jsonl")
    log.write_bytes(log.read_bytes().splitlines(keepends=True)[0])
    assert await world.run(n=2, kinds="single") == 0
    assert len(load(world.output).cases) == 2


async def test_an_encoding_that_cannot_grow_is_said(world: World) -> None:
    await world.run(n=1, kinds="single", language="en")
    text = world.output.read_text("utf-8-sig")
    for encoding, language in (("cp1252", "ko"), ("utf-16", "en")):
        world.output.write_text(text.replace("Sora", "Søra"), encoding)
        with pytest.raises(InputError, match="Save it as UTF-8"):
            await world.run(n=2, kinds="single", language=language)


async def test_another_file_is_not_written_to(world: World) -> None:
    world.output.write_text("question,answer\nMine?,yes\n")
    with pytest.raises(InputError, match=r"was not made by .*--overwrite"):
        await world.run()
    assert world.output.read_text() == "question,answer\nMine?,yes\n"
    await world.run(n=1, overwrite=True)
    assert "Mine?" not in world.output.read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("question", "answer", "reason"),
    [
        ("Who is the mayor in the passage?", "Sora Han", "speaks of its passage"),
        ("Who is the mayor mentioned above?", "Sora Han", "speaks of its passage"),
        ("When did it open to traffic?", "2019", "points at something"),
        ("Is Sora Han the mayor of Aren?", "Sora Han", "holds its answer"),
        ("Who is the mayor of Aren?", "", "none or too long"),
        ("Who is the mayor of Aren?", "Nobody knows him", "does not stand"),
        ("아렌의 시장은 누구인가?", "Sora Han", "other language"),
        ("Who?", "Sora Han", "too short"),
        ("Who is the mayor of Aren?", "Sora Han", "without a passage"),
    ],
)
async def test_bad_proposals(world: World, question: str, answer: str, reason: str) -> None:
    world.answer = proposing(question, answer)
    assert await world.run(n=1, kinds="single", language="en") == 1
    assert not world.output.exists()
    assert any(reason in line["reason"] for line in world.log())
    assert {line["outcome"] for line in world.log()} == {"rejected"}


@pytest.mark.parametrize(
    ("question", "fits"),
    [
        ("이 글에서 파도호의 정원은 몇 명인가?", False),
        ("본문에 나온 배의 정원은 몇 명인가?", False),
        ("문서에 따르면 배의 정원은 몇 명인가?", False),
        ("한화 이글스의 정원은 몇 명인가?", True),
        ("공문서에서 쓰는 글자의 크기는 얼마인가?", True),
    ],
)
def test_leaks_in_korean(question: str, fits: bool) -> None:
    from churon.evals.make.checks import objection

    assert (objection(question, "198명", "ko") == "") is fits


async def test_a_round_trip_that_fails_is_no_proposal(world: World) -> None:
    def forgetful(step: str, prompt: str) -> Reply | str:
        return "NONE" if "Answer from the passages alone" in prompt else sensible(step, prompt)

    world.answer = forgetful
    await world.run(n=1, kinds="single", language="en")
    assert "do not give this answer" in world.log()[0]["reason"]


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("Who is the mayor of Aren, where the Halden bridge stands?", "names what joins"),
        (TWO[0], "one of its passages is enough"),
    ],
)
async def test_bad_questions_of_two_hops(world: World, question: str, reason: str) -> None:
    proposal = proposing(question)

    def answer(step: str, prompt: str) -> Reply | str:
        return "NONE" if "own knowledge" in prompt else proposal(step, prompt)

    world.answer = answer
    assert await world.run(n=1, kinds="two_hop") == 1
    assert reason in world.log()[0]["reason"]


@pytest.mark.parametrize(
    ("support", "kept"), [(labels(F=0.9, N=0.1), 0), (labels(F=0.1, N=0.9), 1)]
)
async def test_an_unanswerable_question_that_is_answered(
    world: World, support: Reply, kept: int
) -> None:
    def answer(step: str, prompt: str) -> Reply | str:
        if step == "support":
            return support
        said = "Answer from the passages alone" in prompt
        return "Somebody" if said else sensible(step, prompt)

    world.answer = answer
    await world.run(n=1, kinds="unanswerable", language="en")
    outcomes = [line["outcome"] for line in world.log()]
    assert outcomes.count("proposed") == kept
    if not kept:
        assert "a search finds the answer 'Somebody'" in world.log()[0]["reason"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kinds": "triple"}, "no kind 'triple'"),
        ({"language": "fr"}, "language 'fr'"),
        ({"output": Path("q.xlsx")}, r"neither \.csv nor \.jsonl"),
    ],
)
async def test_refusals(world: World, given: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        await world.run(**given)


async def test_an_empty_store_is_said(world: World) -> None:
    world.store.held.clear()
    with pytest.raises(InputError, match=r"no passages to ask about.*churon ingest"):
        await world.run()


async def test_an_attempt_without_budget_is_a_rejection(world: World) -> None:
    await asyncio.sleep(0)
    limited = settings(limits={"calls": 1})
    wanted = Wanted((), 1, world.output, "single", "en", 7, False)
    assert await run(limited, wanted, world.make) == 1
    assert "budget of 1 calls" in world.log()[0]["reason"]
