"""A client that leaves: its run ends, and the model stops within a second."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from support.ferry import QUESTION
from support.serving import listening, metric, question, served, slow_port
from support.waiting import until

from churon.serving.house import House
from churon.serving.run import moments
from churon.serving.visit import Visit
from churon.tools.models.base import ChatPort

_ASKED = {"input": {"question": QUESTION}}
REQUESTS = [
    ("/v1/chat/completions", question(QUESTION), "openai"),
    ("/v1/chat/completions", question(QUESTION, "self_rag"), "openai"),
    ("/v1/chat/completions", question(QUESTION, stream=True), "openai"),
    ("/langserve/self_rag/invoke", _ASKED, "langserve"),
    ("/langserve/cot_rag/stream", _ASKED, "langserve"),
    ("/langserve/mcts_rag/stream_events", _ASKED, "langserve"),
    ("/langserve/two_stage/batch", {"inputs": [{"question": QUESTION}] * 2}, "langserve"),
]


@pytest.fixture(scope="module")
def port() -> ChatPort:
    """A model that takes a minute."""
    return slow_port()


@pytest.fixture(scope="module")
def app(port: ChatPort) -> FastAPI:
    """An app over it."""
    return served(port=port)


@pytest.fixture(scope="module")
def url(app: FastAPI) -> Iterator[str]:
    """The app's address."""
    with listening(app) as url:
        yield url


@pytest.mark.filterwarnings("ignore:astream_log is deprecated")
@pytest.mark.parametrize(("path", "body", "door"), REQUESTS)
def test_leaving_cancels_the_model(
    url: str, app: FastAPI, port: ChatPort, path: str, body: Any, door: str
) -> None:
    chat: Any = port.model
    chat.began.clear()
    chat.cancelled.clear()
    before = _gone(url, door)
    connection = _send(url, path, body)
    assert chat.began.wait(20)
    assert not chat.cancelled.is_set()
    connection.close()
    assert chat.cancelled.wait(10)
    until(lambda: app.state.house.places.taken == 0)
    until(lambda: _gone(url, door) == before + 1)


def test_a_client_that_only_stops_sending_gets_its_answer() -> None:
    with listening(served()) as url:
        connection = _send(url, "/v1/chat/completions", question(QUESTION))
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        connection.close()
    assert b"200 OK" in answer and b"07:30" in answer


def _send(url: str, path: str, body: Any) -> socket.socket:
    request = httpx.Request("POST", f"{url}{path}", json=body, headers={"Connection": "close"})
    head = f"POST {path} HTTP/1.1\r\n" + "".join(
        f"{k}: {v}\r\n" for k, v in request.headers.items()
    )
    connection = socket.create_connection((request.url.host, request.url.port or 80))
    connection.sendall(head.encode() + b"\r\n" + request.read())
    return connection


def _gone(url: str, door: str) -> float:
    text = httpx.get(f"{url}/metrics").text
    return sum(
        metric(text, "churon_requests_total", door=door, graph=graph, status="499")
        for graph in ("two_stage", "self_rag", "cot_rag", "mcts_rag", "auto")
    )


class Chatty:
    """A graph that says more than a reader takes, and has something to put away in the end."""

    def __init__(self) -> None:
        self.put_away = False

    async def astream(self, *_: Any, **__: Any) -> AsyncGenerator[Any, None]:
        try:
            for _step in range(10_000):
                yield (), "custom", {"node": "write", "token": "x"}
        finally:
            await asyncio.sleep(0)
            self.put_away = True


async def test_a_run_that_its_reader_leaves_has_ended_with_its_visit() -> None:
    app, graph = served(), Chatty()
    async with app.router.lifespan_context(app):
        house: House = app.state.house
        visit = Visit("ask", runs=True)
        house.graphs["two_stage"] = graph
        run = moments(house, visit, "two_stage", {"question": QUESTION}, {})
        assert (await anext(run))["kind"] == "token"
        await asyncio.sleep(0.01)  # until the reader's queue is full
        await run.aclose()
        await visit.unwind(10)
        assert graph.put_away
