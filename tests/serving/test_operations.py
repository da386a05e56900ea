"""Health, readiness and metrics."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from support.ferry import QUESTION, TEXTS, model
from support.serving import CountedStore, client, keys, metric, over, question, served
from support.world import settings, world

from churon.serving import readiness
from churon.tools.errors import StoreError
from churon.tools.rerank.cache import ScoreCache
from churon.tools.settings import load_settings
from churon.tools.toolkit import Toolkit


async def test_a_server_is_alive_and_ready() -> None:
    async with client(served()) as http:
        assert (await http.get("/healthz")).json() == {"status": "ok"}
        ready = await http.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    found = {one["check"]: one["level"] for one in ready.json()["checks"]}
    assert found == {"chat model": "ok", "store": "ok", "reranker": "ok"}


async def test_probes_may_ask_for_the_head_alone() -> None:
    async with client(served(serve={"keys": keys(kim=None)})) as http:
        answers = [await http.head(path) for path in ("/healthz", "/readyz")]
        document = await http.get("/openapi.json", headers={"X-API-Key": "key-of-kim"})
    assert [one.status_code for one in answers] == [200, 200]
    assert "head" not in document.json()["paths"]["/healthz"]


async def test_an_empty_store_is_ready_and_says_so() -> None:
    async with client(served(store=CountedStore([]))) as http:
        ready = await http.get("/readyz")
    assert ready.status_code == 200
    [store] = [one for one in ready.json()["checks"] if one["check"] == "store"]
    assert (store["level"], store["remedy"]) == ("warning", "churon ingest PATH")


async def test_a_store_that_died_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "FRESH", 0.0)
    store = CountedStore(TEXTS)
    async with client(served(store=store)) as http:
        assert (await http.get("/readyz")).status_code == 200
        store.error = StoreError("Milvus at 'http://10.0.0.7:19530' is gone.", remedy="Start it.")
        dead = await http.get("/readyz")
        assert (await http.get("/healthz")).status_code == 200
        store.error = None
        assert (await http.get("/readyz")).status_code == 200
    assert (dead.status_code, dead.json()["status"]) == (503, "not ready")
    [failed] = [one for one in dead.json()["checks"] if one["level"] == "error"]
    assert failed["check"] == "store" and "is gone" in failed["message"]
    assert failed["remedy"] == "Start it."
    assert "10.0.0.7" not in dead.text


async def test_a_store_that_never_answered_is_not_ready() -> None:
    dead = load_settings(
        preset="ollama",
        store={"uri": "http://127.0.0.1:9", "timeout": 1},
        chat={"base_url": "http://127.0.0.1:9"},
        embedding={"base_url": "http://127.0.0.1:9"},
    )
    app = over(Toolkit(dead))
    async with client(app) as http:
        answer = await http.get("/readyz")
        failed = await http.post("/v1/chat/completions", json=question(QUESTION))
    await app.state.house.toolkit.aclose()
    assert answer.status_code == 503
    errors = {one["check"] for one in answer.json()["checks"] if one["level"] == "error"}
    assert errors == {"store", "chat server", "embedding server"}
    assert "ollama serve" in answer.text and "127.0.0.1" not in answer.text
    assert failed.status_code == 503
    assert "127.0.0.1" not in failed.text


async def test_what_is_still_being_opened_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "PATIENCE", 0.01)
    toolkit = world(model(), store=CountedStore(TEXTS))
    may_open = asyncio.Event()

    async def slow_chat(name: str | None = None) -> Any:
        await may_open.wait()

    monkeypatch.setattr(toolkit, "chat", slow_chat)
    app = over(toolkit)
    async with client(app) as http, app.router.lifespan_context(app):
        opening = await http.get("/readyz")
        may_open.set()
    assert opening.status_code == 503
    assert "is still being opened" in opening.text


async def test_probes_do_not_ask_the_store_each_time() -> None:
    store = CountedStore(TEXTS)
    counted: list[int] = []
    store.count = lambda **_: _counting(counted)  # type: ignore[method-assign]
    async with client(served(store=store)) as http:
        await asyncio.gather(*(http.get("/readyz") for _ in range(20)))
    assert len(counted) == 1


async def _counting(counted: list[int]) -> int:
    counted.append(1)
    return 3


async def test_metrics_count_what_happened() -> None:
    async with client(served()) as http:
        outcomes = [
            (await http.post("/v1/chat/completions", json=question(QUESTION, graph))).json()
            for graph in ("two_stage", "self_rag", "self_rag")
        ]
        await http.post("/v1/chat/completions", json=question(QUESTION, "nonsense"))
        await http.post("/langserve/auto/invoke", json={"input": {"question": QUESTION}})
        text = (await http.get("/metrics")).text
    requests = "churon_requests_total"
    assert metric(text, requests, door="openai", graph="two_stage", status="200") == 1
    assert metric(text, requests, door="openai", graph="self_rag", status="200") == 2
    assert metric(text, requests, door="openai", graph="", status="404") == 1
    assert metric(text, requests, door="langserve", graph="auto", status="200") == 1
    seconds = "churon_request_seconds_count"
    assert metric(text, seconds, door="openai", graph="self_rag") == 2
    usages = [one["churon"]["usage"] for one in outcomes[1:]]
    for name, key in {"model_calls": "calls", "tokens": "tokens", "searches": "searches"}.items():
        spent = metric(text, f"churon_{name}_total", graph="self_rag")
        assert spent == sum(usage[key] for usage in usages) > 0
    assert metric(text, "churon_answers_total", graph="self_rag", status="grounded") == 2
    assert metric(text, "churon_runs_in_flight") == 0


async def test_metrics_name_fallbacks_without_their_numbers() -> None:
    app = served(model(answer="It leaves [7] at 07:30 [9]."))
    async with client(app) as http:
        await http.post("/v1/chat/completions", json=question(QUESTION))
        text = (await http.get("/metrics")).text
    what = "cite:n_invented_keys"
    assert metric(text, "churon_degraded_total", graph="two_stage", what=what) == 1


async def test_a_failed_run_is_paid_for_too() -> None:
    def broken(step: str, prompt: str) -> Any:
        if step == "grade":
            return model()(step, prompt)
        raise RuntimeError("the model fell over")

    async with client(served(broken)) as http:
        failed = await http.post("/v1/chat/completions", json=question(QUESTION, "self_rag"))
        text = (await http.get("/metrics")).text
    assert failed.status_code == 500
    assert metric(text, "churon_searches_total", graph="self_rag") == 1
    assert metric(text, "churon_model_calls_total", graph="self_rag") >= 3


async def test_metrics_tell_the_rerank_caches_hit_rate() -> None:
    cache = ScoreCache(10)
    cache.hits, cache.misses = 3, 1
    reranker: Any = SimpleNamespace(scorer=SimpleNamespace(cache=cache))
    toolkit = Toolkit(settings(), store=CountedStore(TEXTS), reranker=reranker)  # type: ignore[arg-type]
    app = over(toolkit)
    async with client(app) as http, app.router.lifespan_context(app):
        await asyncio.sleep(0)
        text = (await http.get("/metrics")).text
    assert metric(text, "churon_rerank_cache_hit_ratio") == 0.75


async def test_unknown_places_are_not_found() -> None:
    async with client(served()) as http:
        answers: list[httpx.Response] = [
            await http.get(path) for path in ("/page", "/v1", "/docs", "/metrics/x", "/v1/models/")
        ]
        wrong = await http.delete("/v1/models")
    assert {one.status_code for one in answers} <= {404, 307}
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
