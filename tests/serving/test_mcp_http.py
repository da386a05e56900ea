"""MCP over streamable HTTP: the same gate as every other door, by the official client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from mcp import MCPError
from support.ferry import QUESTION
from support.mcp_clients import MODES, data, failed, remote, two_tenants
from support.serving import client, keys, listening, metric, over, served, slow_port
from support.waiting import auntil

from churon.tools.models.base import ChatPort

both = pytest.mark.parametrize("mode", MODES)
WHEN = "When does the Lumen ferry leave the harbour?"
HEADERS = {"Accept": "application/json, text/event-stream"}
CALL = {
    "jsonrpc": "2.0", "id": 7, "method": "tools/call",
    "params": {"name": "ask", "arguments": {"question": QUESTION}},
}  # fmt: skip


def initialize(id: int = 1) -> dict[str, Any]:
    """The first message of a client with a session."""
    params = {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }  # fmt: skip
    return {"jsonrpc": "2.0", "id": id, "method": "initialize", "params": params}


@pytest.fixture
async def tenants(tmp_path: Path) -> AsyncIterator[str]:
    """The address of a server with two tenants and a key each."""
    async with two_tenants(tmp_path) as toolkit:
        with listening(over(toolkit, {"keys": keys(kim="north", lee="south")})) as url:
            yield url


@both
async def test_a_key_opens_its_own_tenant(tenants: str, mode: str) -> None:
    for name, own, other in (("kim", "07:30", "19:45"), ("lee", "19:45", "07:30")):
        async with remote(tenants, mode, f"key-of-{name}") as mcp:
            told: list[Any] = []

            async def note(progress: float, total: Any, message: Any, told: Any = told) -> None:
                told.append(message)

            asked = {"question": WHEN, "graph": "self_rag"}
            answer = await mcp.call_tool("ask", asked, progress_callback=note)
            theirs = "south-1" if name == "kim" else "north-1"
            source = await mcp.call_tool("get_source", {"id": theirs})
            named = await mcp.call_tool("ask", {**asked, "tenant": "south"})
        assert own in data(answer)["answer"] and other not in str(answer)
        assert told[0] == f"search: {WHEN}"
        assert "no source" in failed(source) and "no argument 'tenant'" in failed(named)


@both
@pytest.mark.parametrize(("key", "words"), [("", "An API key is needed"), ("guess", "not known")])
async def test_without_a_key_nothing_is_listed(
    tenants: str, mode: str, key: str, words: str
) -> None:
    with pytest.RaisesGroup(pytest.RaisesGroup(pytest.RaisesExc(MCPError, match=words))):
        async with remote(tenants, mode, key):
            pass
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{tenants}/mcp", json=CALL, headers=HEADERS)
    assert answer.status_code == 401 and "Bearer" in answer.headers["www-authenticate"]
    # the body is not read without a key, so that its id is not known
    assert answer.json()["id"] is None and answer.json()["error"]["data"]["status"] == 401


async def test_a_session_belongs_to_its_key(tenants: str) -> None:
    own, other = ({**HEADERS, "X-API-Key": f"key-of-{name}"} for name in ("kim", "lee"))
    async with httpx.AsyncClient(base_url=tenants) as http:
        begun = await http.post("/mcp", json=initialize(), headers=own)
        session = {"Mcp-Session-Id": begun.headers["mcp-session-id"]}
        listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
        stolen = await http.post("/mcp", json=listing, headers={**other, **session})
        used = await http.post("/mcp", json=listing, headers={**own, **session})
        ended = await http.delete("/mcp", headers={**own, **session})
        gone = await http.post("/mcp", json=listing, headers={**own, **session})
    assert [one.status_code for one in (begun, stolen, used, ended, gone)] == [
        200, 404, 200, 200, 404,
    ]  # fmt: skip


LISTING = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}


async def test_a_key_that_begins_many_sessions_loses_its_own_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("churon.serving.mcp.door.MOST_SESSIONS", 4)
    app = served(serve={"keys": keys(kim="north", lee="south")})
    async with app.router.lifespan_context(app), client(app) as http:
        kim, lee = ({**HEADERS, "X-API-Key": f"key-of-{name}"} for name in ("kim", "lee"))
        theirs = await begun(http, lee)
        first, second = [await begun(http, kim) for _ in range(2)]
        assert await status(http, first) == 200  # so that the second is unused for longest
        third = await begun(http, kim)
        kept = [await status(http, one) for one in (first, second, third)]
        later = [await begun(http, kim) for _ in range(20)]
        assert [await status(http, one) for one in (third, *later[-2:])] == [404, 200, 200]
        assert [await status(http, one) for one in (theirs, await begun(http, lee))] == [200, 200]
    assert kept == [200, 404, 200]


async def test_a_session_at_work_does_not_give_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("churon.serving.mcp.door.MOST_SESSIONS", 2)
    port = slow_port()
    app = served(port=port, serve={"keys": keys(kim="north", lee="south")})
    async with app.router.lifespan_context(app), client(app) as http:
        kim, lee = ({**HEADERS, "X-API-Key": f"key-of-{name}"} for name in ("kim", "lee"))
        working = await begun(http, kim)
        call = asyncio.ensure_future(http.post("/mcp", json=CALL, headers=working))
        assert await asyncio.to_thread(port.model.began.wait, 20)  # type: ignore[attr-defined]
        refused = await http.post("/mcp", json=initialize(), headers=kim)
        assert await status(http, await begun(http, lee)) == 200
        call.cancel()
        await auntil(lambda: not app.state.house.places.taken)
        assert await status(http, await begun(http, kim)) == 200
        assert await status(http, working) == 404
    assert refused.status_code == 429
    assert refused.json()["error"]["data"]["code"] == "too_many_sessions"


async def begun(http: httpx.AsyncClient, key: dict[str, str]) -> dict[str, str]:
    """The headers of a new session."""
    answer = await http.post("/mcp", json=initialize(), headers=key)
    return {**key, "Mcp-Session-Id": answer.headers["mcp-session-id"]}


async def status(http: httpx.AsyncClient, session: dict[str, str]) -> int:
    """Of a request in this session."""
    return (await http.post("/mcp", json=LISTING, headers=session)).status_code


@pytest.fixture(scope="module")
def port() -> ChatPort:
    """A model that takes a minute."""
    return slow_port()


@pytest.fixture(scope="module")
def slow(port: ChatPort) -> FastAPI:
    """An app over it with one place."""
    return served(port=port, serve={"runs": 1, "max_bytes": 2_000})


@pytest.fixture(scope="module")
def url(slow: FastAPI) -> Iterator[str]:
    """Its address."""
    with listening(slow) as url:
        yield url


@both
async def test_cancelling_stops_the_model_though_all_places_are_taken(
    url: str, slow: FastAPI, port: ChatPort, mode: str
) -> None:
    chat: Any = port.model
    chat.began.clear()
    chat.cancelled.clear()
    async with remote(url, mode) as mcp:
        call = asyncio.ensure_future(mcp.call_tool("ask", {"question": QUESTION}))
        assert await asyncio.to_thread(chat.began.wait, 20)
        with pytest.raises(MCPError, match="1 runs are under way"):
            await mcp.call_tool("ask", {"question": QUESTION})
        assert (await mcp.list_tools(cache_mode="refresh")).tools
        began = time.monotonic()
        call.cancel()
        assert await asyncio.to_thread(chat.cancelled.wait, 10)
        assert time.monotonic() - began < 10
        with pytest.raises(asyncio.CancelledError):
            await call
        await auntil(lambda: not slow.state.house.places.taken)
        assert data(await mcp.call_tool("search", {"query": QUESTION}))["passages"]


@both
async def test_a_client_that_leaves_stops_the_model(
    url: str, slow: FastAPI, port: ChatPort, mode: str
) -> None:
    chat: Any = port.model
    chat.began.clear()
    chat.cancelled.clear()
    async with httpx.AsyncClient(base_url=url, headers=HEADERS, timeout=30) as http:
        call = asyncio.ensure_future(http.post("/mcp", **await request(http, mode)))
        assert await asyncio.to_thread(chat.began.wait, 20)
        call.cancel()
    assert await asyncio.to_thread(chat.cancelled.wait, 10)
    await auntil(lambda: not slow.state.house.places.taken)
    assert await ended(url, 499)


@both
async def test_a_run_that_takes_too_long_is_told_and_ended(mode: str) -> None:
    port = slow_port()
    with listening(served(port=port, serve={"seconds": 3})) as url:
        async with remote(url, mode) as mcp:
            with pytest.raises(MCPError, match=r"longer than 3 s"):
                await mcp.call_tool("ask", {"question": QUESTION})
            assert (await mcp.list_tools()).tools
        assert await ended(url, 504)
    assert port.model.cancelled.is_set()  # type: ignore[attr-defined]


@both
async def test_a_large_body_is_refused(url: str, mode: str) -> None:
    async with remote(url, mode) as mcp:
        with pytest.raises(MCPError, match="larger than 2,000 bytes"):
            await mcp.call_tool("ask", {"question": "x" * 3_000})


async def test_what_is_no_request() -> None:
    app = served()
    async with app.router.lifespan_context(app), client(app) as http:
        http.headers.update(HEADERS)
        text = {"Content-Type": "text/plain"}
        answers = {
            "stream": await http.get("/mcp"),
            "form": await http.post("/mcp", content="{}", headers=text),
            "broken": await http.post("/mcp", content="{", headers=JSON),
            "batch": await http.post("/mcp", json=[CALL]),
            "deep": await http.post("/mcp", content="[" * 50_000, headers=JSON),
            "foreign": await http.post("/mcp", json=CALL, headers={"Host": "evil.example"}),
        }
        found = {name: answer.status_code for name, answer in answers.items()}
    assert found == {
        "stream": 405, "form": 415, "broken": 400, "batch": 400, "deep": 400, "foreign": 403,
    }  # fmt: skip
    assert all(answer.json()["jsonrpc"] == "2.0" for answer in answers.values())


async def test_an_app_that_is_started_again_and_one_that_is_not_started() -> None:
    app = served()
    async with client(app) as http:
        http.headers.update(HEADERS)
        early = await http.post("/mcp", json=initialize())
        for _ in range(2):
            async with app.router.lifespan_context(app):
                assert (await http.post("/mcp", json=initialize())).status_code == 200
    assert early.status_code == 503 and "lifespan" in early.json()["error"]["message"]


JSON = {"Content-Type": "application/json"}


async def request(http: httpx.AsyncClient, mode: str) -> Any:
    """A call as each generation of the protocol sends it."""
    if mode == "legacy":
        begun = await http.post("/mcp", json=initialize())
        return {"json": CALL, "headers": {"Mcp-Session-Id": begun.headers["mcp-session-id"]}}
    prefix = "io.modelcontextprotocol"
    version = "2026-07-28"
    info = {"name": "test", "version": "1"}
    meta = {
        f"{prefix}/protocolVersion": version, f"{prefix}/clientCapabilities": {},
        f"{prefix}/clientInfo": info,
    }  # fmt: skip
    body = {**CALL, "params": {**CALL["params"], "_meta": meta}}  # type: ignore[dict-item]
    headers = {"MCP-Protocol-Version": version, "Mcp-Method": "tools/call", "Mcp-Name": "ask"}
    return {"json": body, "headers": headers}


async def ended(url: str, status: int) -> float:
    """How many calls ended like this."""
    async with httpx.AsyncClient() as http:
        text = (await http.get(f"{url}/metrics")).text
    return metric(text, "churon_requests_total", door="mcp", graph="auto", status=str(status))
