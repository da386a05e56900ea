"""Clients that hold a connection and do not do their part."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from support.ferry import QUESTION
from support.serving import listening, metric, served, slow_port
from support.waiting import until

from churon.serving import connection, server

HALF = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: "
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
LONG = {"input": {"question": f"{QUESTION} {'x' * 15_000}"}}


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """An app whose model takes a minute."""
    return served(port=slow_port())


@pytest.fixture(scope="module")
def url(app: FastAPI) -> Iterator[str]:
    """The app's address."""
    with listening(app) as url:
        yield url


@contextmanager
def connected(url: str, *sent: bytes) -> Iterator[socket.socket]:
    """A connection that sent this, and takes little at once."""
    host = httpx.URL(url)
    with socket.socket() as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        made.settimeout(10)
        made.connect((host.host, host.port))
        for part in sent:
            made.sendall(part)
        yield made


def post(path: str, body: Any) -> bytes:
    """A whole request."""
    made = httpx.Request("POST", f"http://localhost{path}", json=body)
    head = "".join(f"{name}: {value}\r\n" for name, value in made.headers.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + made.read()


def answered(held: socket.socket) -> bool:
    """Whether the whole answer comes to `WHOLE`."""
    got = b""
    while not got.endswith(b'{"status":"ok"}') and (part := held.recv(4_096)):
        got += part
    return b"200 OK" in got


def closed(held: socket.socket) -> bool:
    """Whether the server closed it by now."""
    held.setblocking(False)
    try:
        return held.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def healthy(url: str) -> bool:
    """Whether a new client is answered."""
    return httpx.get(f"{url}/healthz", timeout=5).status_code == 200


def test_a_head_that_does_not_come_is_not_waited_for(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD", 0.5)
    with (
        connected(url) as silent, connected(url, HALF) as slow,
        connected(url, WHOLE) as another, connected(url, WHOLE) as idle,
    ):  # fmt: skip
        assert answered(another) and answered(idle)
        another.sendall(HALF)
        began = time.monotonic()
        while time.monotonic() < began + 0.4:  # a few bytes now and then gain no time
            slow.sendall(b"x")
            time.sleep(0.1)
        assert [one.recv(4_096) for one in (silent, slow, another)] == [b""] * 3
        assert time.monotonic() < began + 3
        idle.sendall(WHOLE)  # between requests uvicorn's own limit holds
        assert answered(idle)


def test_who_waits_longest_gives_way_where_there_are_too_many(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST", 4)
    with ExitStack() as stack:
        held = [stack.enter_context(connected(url, HALF)) for _ in range(12)]
        assert healthy(url)
        until(lambda: sum(map(closed, held)) >= 8)
        assert not closed(held[-1]) and healthy(url)
    with ExitStack() as stack:  # so it is with a body that does not come
        for _ in range(12):
            stack.enter_context(connected(url, post("/ask", {})[:-1]))
        assert healthy(url)


def test_where_all_are_being_answered_the_newest_is_refused(
    url: str, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST", 1)
    with connected(url, post("/ask", {"question": QUESTION})) as working:
        until(lambda: app.state.house.places.taken)
        refused = httpx.get(f"{url}/healthz")
        working.close()
    assert refused.status_code == 503 and int(refused.headers["retry-after"]) >= 1
    assert refused.json()["error"]["code"] == "too_many_connections"
    until(lambda: not app.state.house.places.taken)
    assert healthy(url)


def test_half_of_the_files_are_for_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    for files, found in ((128, 64), (1, 1), (1_000_000, 4_096), (resource.RLIM_INFINITY, 4_096)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, files=files: (files, files))
        assert connection.most() == found


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets of a server that hold little."""

    def bound(host: str, port: int) -> socket.socket:
        made = server.bound(host, port)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        return made

    monkeypatch.setattr("support.serving.bound", bound)


EVENTS = "/langserve/two_stage/stream_events"


@pytest.mark.usefixtures("tight")
def test_a_client_that_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STALLED", 0.3)
    port = slow_port()
    app = served(port=port)
    with listening(app) as url, connected(url, post(EVENTS, LONG)) as held:
        assert port.model.began.wait(20)  # type: ignore[attr-defined]
        assert port.model.cancelled.wait(5)  # type: ignore[attr-defined]
        until(lambda: not app.state.house.visits)
        assert app.state.house.places.taken == 0
        assert len(b"".join(iter(lambda: held.recv(4_096), b""))) < 15_000
        text = httpx.get(f"{url}/metrics").text
    counted = {"door": "langserve", "graph": "two_stage", "status": "499"}
    assert metric(text, "churon_requests_total", **counted) == 1


@pytest.mark.usefixtures("tight")
def test_a_visit_ends_in_time_though_its_client_takes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("churon.serving.reply.LAST", 0.3)
    app = served(port=slow_port(), serve={"seconds": 2})
    with listening(app) as url, connected(url, post(EVENTS, LONG)):
        until(lambda: app.state.house.visits)
        until(lambda: not app.state.house.visits)
        text = httpx.get(f"{url}/metrics").text
    counted = {"door": "langserve", "graph": "two_stage", "status": "504"}
    assert metric(text, "churon_requests_total", **counted) == 1


@pytest.mark.usefixtures("tight")
def test_a_slow_reader_gets_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STALLED", 0.3)
    asked = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with listening(served()) as url, connected(url, asked) as held:
        whole, began = b"", time.monotonic()
        while part := held.recv(1_024):
            whole += part
            time.sleep(0.03)
        assert time.monotonic() > began + 0.9
        assert whole.endswith(httpx.get(f"{url}/openapi.json").content)
