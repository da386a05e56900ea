"""SIGTERM and Ctrl-C while somebody waits for an answer; each server is a process of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import httpx
import pytest
from support.ferry import QUESTION
from support.serving import question
from support.waiting import until

pytestmark = pytest.mark.server
SCRIPT = Path(__file__).resolve().parents[1] / "support" / "serve_world.py"
CHAT = "/v1/chat/completions"


@contextmanager
def serving(seconds: float, drain: float) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Its address and its process."""
    command = [sys.executable, str(SCRIPT), str(seconds), str(drain)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            found = re.search(r"listening on (http://\S+)", line)
            assert found, line + process.stderr.read()
            yield found[1], process
        finally:
            process.kill()


def ask(url: str, into: Queue[Any], **more: Any) -> threading.Thread:
    """Ask in a thread; the answer, or what was raised, goes into the queue."""

    def work() -> None:
        try:
            body = question(QUESTION, **more)
            into.put(httpx.post(f"{url}{CHAT}", json=body, timeout=60))
        except httpx.HTTPError as error:
            into.put(error)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def wait_for_a_run(url: str) -> None:
    until(lambda: "churon_runs_in_flight 1.0" in httpx.get(f"{url}/metrics").text)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_run_under_way_is_finished(sign: signal.Signals) -> None:
    answers: Queue[Any] = Queue()
    with serving(2.0, 20.0) as (url, process):
        asking = ask(url, answers)
        wait_for_a_run(url)
        process.send_signal(sign)
        answer = answers.get(timeout=30)
        asking.join()
        out = process.communicate(timeout=30)[1]
    assert answer.status_code == 200
    assert "07:30" in answer.json()["choices"][0]["message"]["content"]
    assert process.returncode == 0
    assert out.endswith("closed\n") and "Traceback" not in out


@pytest.mark.parametrize("stream", [False, True])
def test_a_run_that_takes_too_long_is_told_and_cancelled(stream: bool) -> None:
    answers: Queue[Any] = Queue()
    with serving(60.0, 0.3) as (url, process):
        asking = ask(url, answers, stream=stream)
        wait_for_a_run(url)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        answer = answers.get(timeout=10)
        asking.join()
        out = process.communicate(timeout=10)[1]
    assert time.monotonic() - began < 5
    assert answer.status_code == (200 if stream else 503)
    assert "The server is stopping" in answer.text
    assert process.returncode == 0
    assert "status=503" in out and "closed" in out and "Traceback" not in out


def test_while_it_stops_it_takes_no_new_runs() -> None:
    answers: Queue[Any] = Queue()
    with serving(3.0, 20.0) as (url, process), httpx.Client(base_url=url) as kept:
        kept.get("/healthz")
        asking = ask(url, answers)
        wait_for_a_run(url)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/readyz")
        assert answers.get(timeout=30).status_code == 200
        asking.join()
        assert process.wait(30) == 0


def test_nobody_waits_nothing_is_waited_for() -> None:
    with serving(1.0, 60.0) as (url, process):
        assert httpx.get(f"{url}/readyz").status_code == 200
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert time.monotonic() - began < 5
