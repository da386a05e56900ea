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
"""Fitting the critic's thresholds needs labels; no graph imports it, tuning does."""
TUNING = ROOT / "churon" / "evals" / "tune" / "critic.py"


def names(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            given = node.args
            found |= {a.arg for a in [*given.posonlyargs, *given.args, *given.kwonlyargs]}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)  # fields of states, contexts and dataclasses
    return found


EVALS = ROOT / "churon" / "evals"
ASKING = [
    *(EVALS / name for name in ("asking.py", "listener.py", "short.py", "variants.py")),
    *(EVALS / "baselines").glob("*.py"),
    *(EVALS / "prompts").glob("*"),
]
"""What runs a graph in an evaluation, or is run by one."""
SCORING = {"Case", "Row", "Dataset", "case", "answers", "truth", "answerable", "relevant", "spans"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_takes_a_gold_answer(path: Path) -> None:
    if path.name in FITS:
        importers = [f for f in FILES if f"models.{path.stem}" in f.read_text("utf-8")]
        assert set(importers) <= {TUNING}
    else:
        assert names(path) & GOLD == set()


@pytest.mark.parametrize("path", ASKING, ids=lambda path: path.name)
def test_what_asks_in_an_evaluation_knows_of_no_case(path: Path) -> None:
    if path.suffix == ".md":
        assert "answers}" not in path.read_text("utf-8")
    elif path.suffix == ".py":
        assert spoken(path) & SCORING == set()


def spoken(path: Path) -> set[str]:
    """Names that are imported, looked up, or keys of what is looked up."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            found.add(str(node.slice.value))
    return found
