"""Each checkpointer that churon names: conformant, and good enough for a killed search."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.conformance import checkpointer_test, validate
from support import bridge, postgres
from support.killing import bridged, kill_after
from support.savers import SAVERS, opened

KEPT = ("answer", "status", "claims", "evidence", "missing", "stop_reason")


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    if not find_spec("psycopg"):
        pytest.skip("the extra `postgres` is not installed")
    with postgres.server() as folder:
        yield folder


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """The address of a new database of a kind."""

    def new(kind: str) -> str:
        if kind == "postgres":
            return postgres.new_database(request.getfixturevalue("server"))
        return str(tmp_path / f"{uuid.uuid4().hex}.db")

    return new


@pytest.mark.parametrize("kind", ["memory", *SAVERS])
async def test_a_checkpointer_is_conformant(kind: str, database: Callable[[str], str]) -> None:
    address = database(kind)

    async def made() -> AsyncIterator[Any]:
        async with opened(kind, address) as saver:
            yield saver

    report = await validate(checkpointer_test(name=kind)(made))
    told = {name: result.failures for name, result in report.results.items() if result.failures}
    assert report.passed_all_base(), told


@pytest.mark.parametrize("kind", SAVERS)
@pytest.mark.parametrize(("graph", "calls"), [("cot_rag", 4), ("mcts_rag", 5), ("auto", 6)])
async def test_a_killed_run_resumes_to_the_same_answer(
    kind: str, graph: str, calls: int, database: Callable[[str], str]
) -> None:
    address = database(kind)
    await kill_after(calls, graph, address, kind)
    whole = await bridged(graph).ainvoke({"question": bridge.QUESTION})
    called: list[str] = []
    async with opened(kind, address) as saver:
        config: Any = {"configurable": {"thread_id": "t"}}
        resumed = await bridged(graph, saver, called).ainvoke(None, config)
    assert {key: resumed[key] for key in KEPT} == {key: whole[key] for key in KEPT}
    assert len(called) < whole["usage"]["calls"]  # what was saved is not done again
