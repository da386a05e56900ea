"""A place for traces that fails: answers and their time unharmed, one line in the log."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.collector import Collector
from support.ferry import QUESTION

from churon.graphs.registry import build_graph
from churon.tools.tracing import pipe

Traced = Callable[..., Any]
TESTS = Path(__file__).parents[1]


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that accepts connections and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        pipe.close()


async def answered(toolkit: Any) -> float:
    """Seconds that three questions took."""
    machine = build_graph("self_rag", toolkit)
    began = time.monotonic()
    for _ in range(3):
        assert (await machine.ainvoke({"question": QUESTION}))["status"] == "grounded"
    return time.monotonic() - began


@pytest.mark.parametrize("status", [401, 500, 503, 404, 413])
async def test_a_refusing_server(
    collected: Collector, traced: Traced, said: Any, status: int
) -> None:
    collected.status = status
    await answered(traced(langfuse={**collected.langfuse, "timeout": 1}))
    assert pipe.flush(5)
    await answered(traced(langfuse={**collected.langfuse, "timeout": 1}))
    assert pipe.flush(5)
    [line] = said()
    assert collected.url in line and "churon doctor" in line
    assert len(collected.paths) <= 2  # left alone for a while


async def test_nobody_listens(traced: Traced, said: Any) -> None:
    down = {"public_key": "pk", "secret_key": "sk-down", "host": "http://127.0.0.1:9", "timeout": 1}
    await answered(traced(langfuse=down, trace={"endpoint": "http://127.0.0.1:9/v1/traces"}))
    assert pipe.flush(10)
    assert len(said()) == 2  # one for each place
    pipe.close()


async def test_the_log_holds_no_password(traced: Traced, said: Any) -> None:
    down = {"public_key": "pk", "secret_key": "sk-down", "timeout": 1}
    down["host"] = "http://fuse:p@ss@127.0.0.1:9"
    await answered(traced(langfuse=down, trace={"endpoint": "http://otel:word@127.0.0.1:9/v1"}))
    assert pipe.flush(10)
    told = " ".join(said())
    assert "http://127.0.0.1:9 " in told and "http://127.0.0.1:9/v1 " in told
    assert not [one for one in ("fuse", "ss@", "otel", "word") if one in told]
    pipe.close()


async def test_a_silent_server_holds_nothing_up(silent: str, traced: Traced, said: Any) -> None:
    slow = {"public_key": "pk", "secret_key": "sk-slow", "host": silent, "timeout": 20}
    assert await answered(traced(langfuse=slow, trace={"wait": 0.3})) < 10
    began = time.monotonic()
    assert not pipe.flush(0.2)
    pipe.close()
    assert time.monotonic() - began < 5
    assert len(said()) <= 1


async def test_scores_that_fail_are_said_once(
    collected: Collector, traced: Traced, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from support import collector

    monkeypatch.setattr(collector, "_decoded", lambda body: [])
    kept = collector._Handler._status
    monkeypatch.setattr(
        collector._Handler, "_status",
        lambda self, body: 500 if self.path.endswith("scores") else kept(self, body),
    )  # fmt: skip
    await answered(traced(langfuse=collected.langfuse))
    assert pipe.flush(5)
    [line] = said()
    assert "scores: status 500" in line


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """From now on the score of this name is answered with this status."""
    from support import collector

    kept = collector._Handler._status

    def status(name: str, wanted: int) -> None:
        def one(self: Any, body: bytes) -> int:
            mine = self.path.endswith("scores") and json.loads(body)["name"] == name
            return wanted if mine else kept(self, body)

        monkeypatch.setattr(collector._Handler, "_status", one)

    return status


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_a_refused_score_stops_neither_others_nor_spans(
    collected: Collector, traced: Traced, said: Any, refuse: Any, status: int
) -> None:
    refuse("relevance", status)
    for _ in range(2):
        await answered(traced(langfuse=collected.langfuse))
        assert pipe.flush(5)
    [line] = said()
    assert "'relevance'" in line and f"status {status}" in line and collected.url in line
    assert len(collected.trees()) == 6
    names = [score["name"] for score in collected.scores]
    assert "relevance" not in names
    assert {names.count(name) for name in ("status", "support", "usefulness", "calls")} == {6}


@pytest.mark.parametrize("status", [401, 403, 429])
async def test_a_score_refused_as_any_would_be_gives_the_server_a_pause(
    collected: Collector, traced: Traced, said: Any, refuse: Any, status: int
) -> None:
    refuse("relevance", status)
    await answered(traced(langfuse=collected.langfuse))
    assert pipe.flush(5)
    asked = len(collected.paths)
    await answered(traced(langfuse=collected.langfuse))
    assert pipe.flush(5) and len(collected.paths) == asked
    [line] = said()
    assert f"scores: status {status}" in line


async def test_it_is_tried_again_later(
    collected: Collector, traced: Traced, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("churon.tools.tracing.sink.PAUSE", 0.2)
    collected.status = 500
    toolkit = traced(langfuse=collected.langfuse)
    await answered(toolkit)
    assert pipe.flush(5)
    collected.status = 200
    time.sleep(0.25)  # noqa: ASYNC251 (nothing else runs here)
    await answered(toolkit)
    assert pipe.flush(5) and len(collected.trees()) == 3
    assert len(said()) == 1


async def test_broken_settings_are_said_and_the_question_answered(
    collected: Collector, traced: Traced, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/file")
    await answered(traced(trace={"endpoint": f"{collected.url}/v1/traces"}))
    assert pipe.flush(5) and len(said()) <= 1


def test_a_process_ends_in_time(silent: str) -> None:
    code = f"""
import asyncio, sys
sys.path.insert(0, {str(TESTS)!r})
from support.ferry import QUESTION, model
from support.world import world
from churon.graphs.registry import build_graph
from churon.tools.trace_settings import LangfuseSettings, TraceSettings
toolkit = world(model())
made = {{"langfuse": LangfuseSettings(
    public_key="pk", secret_key="sk-slow", host={silent!r}, timeout=20),
        "trace": TraceSettings(wait=0.5)}}
toolkit._settings = toolkit.settings.model_copy(update=made)
print(asyncio.run(build_graph("two_stage", toolkit).ainvoke({{"question": QUESTION}}))["answer"])
import time; print(time.time())
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    ended = time.time()
    answer, at = ran.stdout.split("\n")[:2]
    assert answer.startswith("The Lumen") and ran.returncode == 0 and ran.stderr == ""
    assert ended - float(at) < 4.5  # a delivery may take 20
