"""`churon eval tune` as a user runs it: a model server on loopback, Milvus Lite, real files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("optuna", reason="the extra eval is not installed")

from support.eval_world import beir
from support.tune_world import lamps

Cli = Callable[..., Any]
TUNE = ("eval", "tune", "lamps", "-g", "two_stage", "--knob", "k2=1..8", "-n", "16")


def test_a_set_is_tuned_on_with_the_time_left(
    served: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lamps(tmp_path / "lamps")
    done = served(*TUNE, "--trials", "2")
    assert done.status == 0, done.err
    assert "8 questions to tune two_stage on, 8 held back; k2=1..8" in done.err
    assert "trial 2 of 2" in done.err and "s left" in done.err
    kept = Path(".churon/evals/lamps-two_stage-tune")
    assert {"rows.jsonl", "study.journal"} <= {one.name for one in kept.iterdir()}
    monkeypatch.setenv("FORCE_COLOR", "1")
    again = served(*TUNE, "--trials", "3")
    assert again.status == 0 and "trial 3 of 3" in again.err and "trial 1" not in again.err


def test_what_cannot_be_tuned_is_refused(served: Cli, tmp_path: Path) -> None:
    beir(tmp_path / "ferries")
    small = served("eval", "tune", "ferries", "-g", "self_rag")
    assert small.status and "2 questions to tune on and 2 to judge by are too few" in small.err
    other = served("eval", "tune", "ferries", "-g", "agents")
    assert other.status and "Nothing of the graph 'agents' can be tuned" in other.err
    assert not (tmp_path / ".churon" / "evals").exists()
