"""`churon eval judge`: what a judge is asked, what it may change, and what ends it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st
from support.eval_world import CORPUS, GOLD
from support.judge_world import JudgeWorld, leaning
from support.process import killed
from support.rows import abstained, case, provenance, row
from support.scripted import Reply

from churon.evals.metrics import MEASURES
from churon.evals.rows import read
from churon.evals.types import Row
from churon.tools.errors import InputError, ModelError, ModelMissing, ModelUnreachable

ASKED = {"q1": 0.8, "q2": 0.8, "q3": 0.3, "q4": 0.3}
JUDGED = MEASURES["judged"].score


@pytest.fixture
async def world(tmp_path: Path) -> JudgeWorld:
    """Rows of one variant, answered and not judged."""
    made = JudgeWorld(tmp_path)
    await made.run("two_stage")
    return made


def write(path: Path, rows: Sequence[Row]) -> None:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows), "utf-8")


def without(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [{name: value for name, value in one.items() if name != "judge"} for one in rows]


async def test_whole_answers_are_judged_in_their_language(world: JudgeWorld) -> None:
    before = world.rows()
    assert await world.judged() == 0
    assert world.verdicts() == ASKED and without(world.rows()) == before
    english = next(one for one in world.seen if CORPUS["d1"] in one)
    assert "Accepted answers:" in english and f"- {GOLD} q1" in english
    assert "When does the Lumen ferry leave?" in english
    korean = next(one for one in world.seen if CORPUS["d3"] in one)
    assert "인정하는 답:" in korean and f"- {GOLD} q3" in korean
    shown = "".join(world.seen)
    assert "two_stage" not in shown and "\n07:30" not in shown  # the short form
    told = world.rows()[0]["judge"]
    assert told["model"] == "embedded:qwen2.5-coder-1.5b" and len(told["prompts"]) == 12
    assert [JUDGED(one) for one in read(world.output).rows].count(1.0) == 2


@pytest.mark.parametrize("supports", [frozenset(), frozenset({"schema"})])
async def test_a_model_without_log_probs_names_a_letter(
    world: JudgeWorld, supports: frozenset[str]
) -> None:
    def said(prompt: str) -> str:
        letter = "C" if "Lumen" in prompt else "W"
        return json.dumps({"label": letter}) if supports else f"Answer: {letter}"

    world.said, world.supports = said, supports
    assert await world.judged() == 0
    assert world.verdicts() == pytest.approx({"q1": 0.9, "q2": 0.9, "q3": 0.1, "q4": 0.1})


async def test_an_answer_without_a_verdict_is_told_and_asked_about_again(
    world: JudgeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world.said = lambda prompt: "Hm, well." if "198" in prompt else leaning(prompt)
    assert await world.judged() == 1
    assert world.verdicts() == {**ASKED, "q3": None}
    told = capsys.readouterr()
    assert "without a verdict: 1" in told.out and "q3 two_stage no verdict" in told.err
    [silent] = [one for one in read(world.output).rows if one["case"]["id"] == "q3"]
    assert JUDGED(silent) is None
    world.said, world.seen = leaning, []
    assert await world.judged() == 0
    assert len(world.seen) == 1 and world.verdicts() == ASKED


@pytest.mark.parametrize(("calls", "at_once"), [(1, 1), (3, 1), (3, 2)])
async def test_a_killed_judging_goes_on_where_it_was(
    world: JudgeWorld, tmp_path: Path, calls: int, at_once: int
) -> None:
    before = world.rows()
    await killed("judge_world", tmp_path, calls, at_once)
    kept = len(world.verdicts())
    assert calls - at_once < kept <= calls
    assert await world.judged(at_once=at_once) == 0
    assert len(world.seen) == 4 - kept and world.verdicts() == ASKED
    assert without(world.rows()) == before
    assert await world.judged() == 0 and len(world.seen) == 4 - kept


async def test_another_judge_judges_all_anew(
    world: JudgeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.judged()
    assert "wrote 4 of the answers itself" in capsys.readouterr().err
    assert await world.judged("chat.model=larger", at_once=3) == 0
    said = capsys.readouterr().err
    assert "4 answers to judge by embedded:larger" in said and "itself" not in said
    assert "4 that embedded:qwen2.5-coder-1.5b judged are judged anew" in said
    assert {one["judge"]["model"] for one in world.rows()} == {"embedded:larger"}
    write(world.output, [{**r, "judge": {**r["judge"], "prompts": "old"}} for r in world.rows()])  # type: ignore[typeddict-item]
    await world.judged("chat.model=larger")
    assert "4 that an earlier prompt judged" in capsys.readouterr().err and len(world.seen) == 12


async def test_runs_without_an_answer_are_wrong_without_being_asked(world: JudgeWorld) -> None:
    rows = [
        abstained(case("a")), row(case("b"), error="TimeoutError"),
        row(case("c"), claims=[], answer=""), row(case("d", answers=[])),
        row(case("e", answers=[], answerable=False)),
        row(case("f", answers=[], truth=False), answer="It is not."),
        row(case("g", answers=["예"], truth=True, language="ko"), answer="네, 그렇습니다."),
    ]  # fmt: skip
    write(world.output, rows)
    assert await world.judged() == 0
    assert world.verdicts() == {"a": 0, "b": 0, "c": 0, "f": 0.3, "g": 0.3}
    assert len(world.seen) == 2 and "- No\n" in world.seen[0] and "- 예\n" in world.seen[1]
    found = {one["case"]["id"]: JUDGED(one) for one in read(world.output).rows}
    assert found == {"a": 0, "b": 0, "c": 0, "d": None, "e": None, "f": 0, "g": 0}
    assert all(JUDGED(one) is None for one in rows)


async def test_where_nothing_is_to_be_judged_no_model_is_opened(
    world: JudgeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    write(world.output, [row(case("a", answers=[])), row(case("b", answers=[], answerable=False))])
    before = world.output.read_bytes()
    assert await world.judged() == 0 and not world.seen
    assert "2 have no accepted answer to judge by" in capsys.readouterr().err
    assert world.output.read_bytes() == before


async def test_a_judgement_of_what_was_edited_since_counts_no_more(world: JudgeWorld) -> None:
    await world.judged()
    edited = read(world.output).rows
    edited[0]["case"]["answers"] = ["another"]
    edited[1]["answer"] = "Another."
    write(world.output, edited)
    assert [JUDGED(one) is None for one in edited] == [True, True, False, False]
    world.seen = []
    await world.judged()
    assert len(world.seen) == 2 and None not in map(JUDGED, read(world.output).rows)


@pytest.mark.parametrize(("text", "said"), [(None, "is not there"), ("", "holds no row")])
async def test_a_file_without_rows_is_refused(tmp_path: Path, text: str | None, said: str) -> None:
    world = JudgeWorld(tmp_path)
    if text is not None:
        world.output.write_text(text)
    with pytest.raises(InputError, match=rf"rows\.jsonl' {said}.*churon eval run"):
        await world.judged()


async def test_rows_that_are_not_whole_stay_as_they_are(
    world: JudgeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = {"case": {"id": "x", "question": "?"}, "variant": "two_stage"}
    with world.output.open("a", encoding="utf-8") as file:
        file.write(json.dumps(odd) + "\n" + '{"torn')
    assert await world.judged() == 0
    assert "1 are not whole" in capsys.readouterr().err
    assert odd in world.rows() and world.verdicts() == ASKED


async def test_one_writer_a_file(world: JudgeWorld) -> None:
    with (
        FileLock(f"{world.output}.lock"),
        pytest.raises(InputError, match="Wait for it") as refused,
    ):
        await world.judged()
    assert "--output" not in str(refused.value)


@pytest.mark.parametrize("error", [ModelUnreachable, ModelMissing])
async def test_a_model_that_is_gone_ends_it_and_what_was_judged_is_kept(
    world: JudgeWorld, error: type[ModelError]
) -> None:
    gone = Reply(error=error("It is gone.", remedy="Start it."))
    world.said = lambda prompt: leaning(prompt) if len(world.seen) < 3 else gone
    with pytest.raises(error, match="Start it"):
        await world.judged()
    assert len(world.verdicts()) == 2 and len(world.rows()) == 4


async def test_one_answer_that_a_model_fails_at_does_not_end_it(world: JudgeWorld) -> None:
    refused = Reply(error=ModelError("Content filter."))
    world.said = lambda prompt: refused if "198" in prompt else leaning(prompt)
    assert await world.judged() == 1
    assert world.verdicts() == {**ASKED, "q3": None}


async def test_a_model_that_fails_always_is_one_error(world: JudgeWorld) -> None:
    world.said = lambda prompt: Reply(error=ModelError("The key was refused.", remedy="Set it."))
    with pytest.raises(ModelError, match=r"refused\. Set it\."):
        await world.judged()
    assert set(world.verdicts().values()) == {None}


TEXTS = st.text(max_size=12)
ANY = st.fixed_dictionaries(
    {"case": st.builds(
        lambda id_, question, answers, truth, language: case(
            id_, question=question, answers=answers, truth=truth, language=language
        ),
        st.sampled_from("abcd"), TEXTS, st.lists(TEXTS, max_size=2), st.none() | st.booleans(),
        st.sampled_from(["en", "ko"]),
    )},
    optional={
        "answer": TEXTS, "error": TEXTS, "short": TEXTS, "seconds": st.floats(0, 9),
        "steps": st.lists(st.dictionaries(TEXTS, TEXTS | st.floats(allow_nan=False)), max_size=2),
    },
)  # fmt: skip


@given(st.lists(ANY, min_size=1, max_size=5), st.booleans())
@settings(max_examples=40, deadline=None)
def test_judging_changes_nothing_else_of_rows(fields: list[dict[str, Any]], torn: bool) -> None:
    rows = [row(one.pop("case"), provenance=provenance(), **one) for one in map(dict, fields)]
    with TemporaryDirectory() as folder:
        world = JudgeWorld(Path(folder))
        write(world.output, rows)
        if torn:
            world.output.write_bytes(world.output.read_bytes() + b'{"case": {"id"')
        before = read(world.output).rows
        assert asyncio.run(world.judged()) == 0
        assert without(read(world.output).rows) == without(before)
