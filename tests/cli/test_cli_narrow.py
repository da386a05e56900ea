"""A narrow terminal: rows stand below each other, and nothing of them is cut."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from support.rows import case, row

from churon.evals.types import Row
from churon.tools.models import catalogue

USAGE = {"calls": 3, "tokens": 1_234, "searches": 1, "seconds": 1.0, "cache_hits": 0}


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch, served: Callable[..., Any]) -> Callable[..., str]:
    """What a command prints on 40 columns; no line is longer."""

    def run(*arguments: str) -> str:
        monkeypatch.setenv("COLUMNS", "40")
        told: str = served(*arguments).out
        assert "…" not in told
        assert max(map(cell_len, told.splitlines())) <= 40
        return told

    return run


def test_models_keep_their_names(narrow: Callable[..., str]) -> None:
    told = narrow("models", "list")
    assert [one for one in told.splitlines() if not one.startswith(" ")] == [
        entry.name for entry in catalogue.entries()
    ]
    assert "kind embedding" in told and "1,117 MB" in told


def test_rows_keep_their_figures(narrow: Callable[..., str], tmp_path: Path) -> None:
    rows: list[Row] = [row(case(f"q{n}"), usage=USAGE, seconds=1.5) for n in range(3)]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows), "utf-8")
    told = " ".join(narrow("eval", "show", "r.jsonl").split())
    for part in ("rows 3, errors 0, outcomes 3 grounded, calls 3.0, tokens 1,234, s 1.5",
                 "evidence recall"):  # fmt: skip
        assert part in told


def test_passages_have_the_whole_width(
    narrow: Callable[..., str], served: Callable[..., Any]
) -> None:
    served("ingest", "docs")
    lines = narrow("search", "승객 정원").splitlines()
    assert "docs/안내.md" in lines
    assert "  dense " in "\n".join(lines) and "BM25 " in "\n".join(lines)
    assert max(map(cell_len, lines)) > 30


def test_a_wide_terminal_has_a_table(served: Callable[..., Any]) -> None:
    head, *lines = served("models", "list").out.splitlines()
    assert head.split() == ["model", "kind", "size", "licence", "here"]
    assert len(lines) == len(catalogue.entries())
