"""What gets installed, and what an import or `--help` loads."""

from __future__ import annotations

import ast
import contextlib
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from setuptools import build_meta

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [ROOT / name for name in ("churon", "graphs", "nodes", "tools")]
HEAVY = {"torch", "pymilvus", "langchain_milvus", "xllamacpp", "onnxruntime", "transformers"}
EXTRAS_ONLY = {"torch", "faiss-cpu", "pyarrow", "milvus-lite", "onnxruntime", "transformers"}
SLOW = HEAVY | {"langgraph", "langchain_core", "pydantic_settings", "numpy", "rich.console"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, so that no build file lands beside them."""
    copy = tmp_path_factory.mktemp("copy")
    folders = ("churon", "graphs", "nodes", "tools", "docs", "samples", "tests")
    inside = (path for name in folders for path in (ROOT / name).rglob("*"))
    for path in (*inside, *ROOT.iterdir()):
        if path.is_file() and "__pycache__" not in path.parts:
            target = copy / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return copy


@pytest.fixture(scope="module")
def wheel(copy: Path) -> zipfile.ZipFile:
    with contextlib.chdir(copy), contextlib.redirect_stdout(io.StringIO()):
        name = build_meta.build_wheel(str(copy))
    return zipfile.ZipFile(copy / name)


def test_the_source_archive_holds_what_its_reader_needs(copy: Path) -> None:
    with contextlib.chdir(copy), contextlib.redirect_stdout(io.StringIO()):
        name = build_meta.build_sdist(str(copy))
    with tarfile.open(copy / name) as archive:
        held = {one.partition("/")[2] for one in archive.getnames()}
    beside = {"ARCHITECTURE.md", "CHANGELOG.md", "README.ko.md", "langgraph.json", "LICENSE"}
    assert beside | {"README.md", "docs/python.ko.md", "samples/questions.jsonl"} <= held
    assert {"graphs/self_rag.py", "nodes/prompts/grade.ko.md", "churon/look/base.css"} <= held
    assert not {one for one in held if one.split("/")[0] in ("tests", "benchmarks", ".churon")}


def test_nothing_lands_outside_churon(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"churon"}


def test_every_source_file_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    wanted = {"churon/py.typed"}
    for folder in ("churon", "graphs", "nodes", "tools"):
        inside = "" if folder == "churon" else "churon/"
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".md", ".toml", ".html", ".css", ".js", ".svg"):
                wanted.add(inside + path.relative_to(ROOT).as_posix())
    assert wanted - set(wheel.namelist()) == set()


def test_the_command_is_declared(wheel: zipfile.ZipFile) -> None:
    [name] = [name for name in wheel.namelist() if name.endswith("/entry_points.txt")]
    assert "churon = churon.__main__:main" in wheel.read(name).decode()


def test_the_base_brings_no_heavy_distribution() -> None:
    brought = brought_by("churon")
    assert {"langchain-milvus", "pymilvus", "langgraph", "numpy"} <= brought
    assert brought & EXTRAS_ONLY == set()
    assert "pyarrow" in brought_by("churon", "embedded")  # the walk sees what it looks for


def test_whatever_is_imported_is_declared() -> None:
    """Not only brought by another: typer once brought click, and then it did not."""
    declared = {canonicalize_name(Requirement(line).name) for line in requires("churon") or []}
    modules = {
        name for folder in SOURCES for path in folder.rglob("*.py") for name in imports(path)
    }
    owners = packages_distributions()
    foreign = {name for name in modules - {"churon"} if name not in sys.stdlib_module_names}
    assert {"langgraph", "torch", "click"} <= foreign  # late imports are seen too
    assert not {
        name for name in foreign & owners.keys()
        if declared.isdisjoint(map(canonicalize_name, owners[name]))
    }  # fmt: skip


def imports(path: Path) -> set[str]:
    """Top-level modules that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def brought_by(name: str, *extras: str) -> set[str]:
    """The distributions that installing `name[extras]` brings here, direct and indirect."""
    seen: set[tuple[str, str]] = set()
    waiting = [(name, extra) for extra in ("", *extras)]
    while waiting:
        owner, extra = waiting.pop()
        for line in requires(owner) or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                found = {(canonicalize_name(needed.name), e) for e in ("", *needed.extras)}
                waiting += found - seen
                seen |= found
    return {name for name, _ in seen}


@pytest.mark.parametrize(
    "code",
    [
        "import churon",
        "import sys; sys.argv = ['churon', '--help']; from churon.__main__ import main\n"
        "try: main()\nexcept SystemExit as left: assert not left.code",
    ],
)
def test_import_and_help_load_nothing_slow(code: str) -> None:
    listed = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('\\n'.join(sys.modules))"],
        capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "80"},
    )  # fmt: skip
    assert SLOW & set(listed.stdout.splitlines()) == set()
    assert listed.stderr == ""


def test_the_command_line_loads_heavy_libraries_only_when_it_works() -> None:
    modules = [f"churon.cli.{path.stem}" for path in (ROOT / "churon" / "cli").glob("[a-z]*.py")]
    code = f"import {', '.join(modules)}, sys; print(set(sys.modules) & {HEAVY!r})"
    listed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert listed.stdout == "set()\n"


def test_every_public_name_exists() -> None:
    import churon

    assert all(getattr(churon, name) is not None for name in churon.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = churon.nonsense
