"""The app as others start it: by its lifespan, inside another app, twice."""

from __future__ import annotations

from pathlib import Path

import httpx
from fastapi import FastAPI
from support.ferry import QUESTION, TEXTS, model
from support.serving import LOCAL, CountedStore, client, keys, over, question, served
from support.world import world

from churon.serving.app import create_app
from churon.tools.settings import Settings, load_settings

DEAD = "http://127.0.0.1:9"
CHAT = "/v1/chat/completions"


def own_settings(folder: Path) -> Settings:
    """A store that can be opened, and models that are asked at the first call only."""
    return load_settings(
        preset="ollama",
        store={"uri": str(folder / "m.db")},
        chat={"base_url": DEAD},
        embedding={"base_url": DEAD},
    )


async def test_what_the_app_opened_it_closes(tmp_path: Path) -> None:
    app = create_app(settings=own_settings(tmp_path))
    toolkit = app.state.house.toolkit
    async with app.router.lifespan_context(app):
        held = await toolkit.store()
    assert await toolkit.store() is not held
    await toolkit.aclose()


async def test_what_it_was_given_stays_open(tmp_path: Path) -> None:
    toolkit = world(model(), store=CountedStore(TEXTS))
    app = over(toolkit)
    async with app.router.lifespan_context(app):
        held = await toolkit.store()
    assert await toolkit.store() is held


async def test_all_doors_share_one_toolkit() -> None:
    app = served()
    house = app.state.house
    assert {id(graph.toolkit) for graph in house.graphs.values()} == {id(house.toolkit)}


async def test_an_app_that_was_drained_can_be_started_again() -> None:
    app = served()
    async with client(app) as http:
        await app.state.house.drain(0)
        stopped = await http.post(CHAT, json=question(QUESTION))
        unready = await http.get("/readyz")
        async with app.router.lifespan_context(app):
            again = await http.post(CHAT, json=question(QUESTION))
    assert (stopped.status_code, stopped.json()["error"]["code"]) == (503, "stopping")
    assert unready.status_code == 503 and "is stopping" in unready.text
    assert again.status_code == 200


async def test_inside_another_app_the_gate_holds() -> None:
    inner = served(serve={"keys": keys(kim=None), "runs": 1})
    outer = FastAPI()
    outer.mount("/answers", inner)
    assert inner.state.house.places.take()
    transport = httpx.ASGITransport(outer)
    async with httpx.AsyncClient(transport=transport, base_url=f"{LOCAL}/answers") as http:
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/v1/models")).status_code == 401
        http.headers["Authorization"] = "Bearer key-of-kim"
        assert (await http.get("/v1/models")).status_code == 200
        assert (await http.post(CHAT, json=question(QUESTION))).status_code == 429
        inner.state.house.places.give()
        assert (await http.post(CHAT, json=question(QUESTION))).status_code == 200
        asked = {"input": {"question": QUESTION}}
        assert (await http.post("/langserve/auto/invoke", json=asked)).status_code == 200


async def test_health_takes_no_bodies_from_strangers() -> None:
    async with client(served(serve={"keys": keys(kim=None)})) as http:
        full = await http.request("GET", "/healthz", json={"a": "b"})
    assert full.status_code == 413


async def test_the_openapi_document_names_every_door() -> None:
    async with client(served()) as http:
        paths = (await http.get("/openapi.json")).json()["paths"]
    assert {"/healthz", "/readyz", "/metrics", "/v1/models", CHAT} <= set(paths)
    for endpoint in ("invoke", "batch", "stream", "stream_log", "stream_events"):
        assert f"/langserve/mcts_rag/{endpoint}" in paths
