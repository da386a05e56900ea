"""No function of the package can be given the right answer: nothing may search with it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = [
    path
    for folder in ("churon", "graphs", "nodes", "tools")
    for path in (ROOT / folder).rglob("*.py")
]
GOLD = {"gold", "golds", "reference", "references", "ground_truth", "expected_answer"}
FITS = {"calibration.py"}
"""Fitting the critic's thresholds needs labels; no graph imports it."""


def names(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            given = node.args
            found |= {a.arg for a in [*given.posonlyargs, *given.args, *given.kwonlyargs]}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)  # fields of states, contexts and dataclasses
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_takes_a_gold_answer(path: Path) -> None:
    if path.name in FITS:
        importers = [f for f in FILES if f"models.{path.stem}" in f.read_text("utf-8")]
        assert importers == []
    else:
        assert names(path) & GOLD == set()
