"""Rows and studies that were cut, edited or named by mistake: counted or told, never replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.rows import case, row
from support.tune_world import TuneWorld

from churon.cli.evals import report, show
from churon.cli.evals.tune import STUDY
from churon.evals.report import gather
from churon.tools.errors import InputError


def written(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), "utf-8")
    return path


@pytest.mark.parametrize(
    "odd",
    [
        row(provenance=None),
        row(provenance={"set": ["s"]}),
        row(case([1])),  # type: ignore[arg-type]
        row(variant=["a"]),  # type: ignore[arg-type]
        row(variants=None),
    ],
)
def test_a_line_that_is_no_row_is_counted(odd: Any, tmp_path: Path, capsys: Any) -> None:
    path = written(tmp_path / "a.jsonl", row(), odd)
    assert show.run(path) == 0
    assert "1 rows, 0 errors, 1 unreadable lines" in capsys.readouterr().out
    assert gather([path]).torn == 1


def test_a_line_that_is_nested_too_deeply_is_counted(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", row())
    path.write_text(path.read_text() + "[" * 100_000)
    assert gather([path]).torn == 1


def test_a_row_without_its_figures_is_shown_without(tmp_path: Path, capsys: Any) -> None:
    for usage in (None, {}):
        path = written(tmp_path / "a.jsonl", row(usage=usage, seconds=1.0))
        assert show.run(path) == 0
        assert "1 grounded" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", ["a.jsonl", "../rows/a.jsonl", "b.jsonl", "torn.jsonl"])
@pytest.mark.parametrize("option", ["page", "markdown"])
def test_a_report_replaces_no_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, option: str
) -> None:
    (tmp_path / "rows").mkdir()
    monkeypatch.chdir(tmp_path / "rows")
    rows = [written(Path(one), row()) for one in ("a.jsonl", "b.jsonl")]
    Path("torn.jsonl").write_text('{"case"')
    texts = [one.read_text() for one in sorted(Path().iterdir())]
    given = {"page": Path("p.html"), "markdown": None, option: Path(name)}
    wanted = report.Wanted([rows[0], Path("torn.jsonl")], a=None, b=None, language=None, allow=[],
                           **given)  # fmt: skip
    with pytest.raises(InputError, match="holds rows"):
        report.run(wanted)
    assert [one.read_text() for one in sorted(Path().iterdir())] == texts


@pytest.mark.parametrize("line", ["garbage", "[]", '{"op_code": 99}', '{"op_code": 0}', '{"a'])
async def test_a_damaged_study_is_told(tmp_path: Path, line: str) -> None:
    pytest.importorskip("optuna", reason="the extra eval is not installed")
    world = TuneWorld(tmp_path)
    world.folder.mkdir()
    (world.folder / STUDY).write_text(f"{line}\n")
    with pytest.raises(InputError, match=r"study\.journal' is damaged: .* --output"):
        await world.tune(trials=1)
