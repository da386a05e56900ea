"""Who may ask, and whose documents."""

from __future__ import annotations

import base64
import logging
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from langchain_core.documents import Document
from support.hashing import HashingEmbeddings
from support.reader import read
from support.scripted import scripted_port
from support.serving import client, keys, listening, over, question, served, with_serve
from support.world import settings

from churon.serving.app import create_app
from churon.serving.context import held_context
from churon.serving.keys import Caller, Keys, digest, new_key
from churon.serving.logs import Plain
from churon.tools.errors import SettingsError
from churon.tools.serve_settings import ServeKey
from churon.tools.settings import StoreSettings, load_settings
from churon.tools.store import Store
from churon.tools.toolkit import Toolkit

ASKED = question("When does the Lumen ferry leave?")
DOORS = ("/v1/models", "/langserve/auto/input_schema", "/metrics", "/openapi.json", "/nowhere")


@pytest.fixture(scope="module")
def keyed() -> FastAPI:
    """An app with one key."""
    return served(serve={"keys": keys(kim=None)})


@pytest.fixture(scope="module")
def keyless() -> FastAPI:
    """An app for its own machine."""
    return served()


@pytest.mark.parametrize("path", DOORS)
async def test_every_door_wants_a_key(keyed: FastAPI, path: str) -> None:
    async with (
        client(keyed) as none, client(keyed, "guess") as wrong, client(keyed, "key-of-kim") as kim,
    ):  # fmt: skip
        refused, unknown, known = [await one.get(path) for one in (none, wrong, kim)]
    assert (refused.status_code, unknown.status_code) == (401, 401)
    assert "Bearer" in refused.headers["www-authenticate"]
    assert refused.json()["error"]["code"] == "invalid_api_key"
    assert "guess" not in unknown.text
    assert known.status_code in (200, 404)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_needs_no_key(path: str) -> None:
    async with client(served(serve={"keys": keys(kim=None)})) as http:
        assert (await http.get(path)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer key-of-kim"},
        {"Authorization": "bearer  key-of-kim"},
        {"X-API-Key": "key-of-kim"},
        {"Authorization": "Basic " + base64.b64encode(b"anyone:key-of-kim").decode()},
    ],
)
async def test_ways_to_show_a_key(keyed: FastAPI, headers: dict[str, str]) -> None:
    async with client(keyed) as http:
        assert (await http.get("/v1/models", headers=headers)).status_code == 200


@pytest.mark.parametrize("given", ["Basic !", "Basic /w==", "Bearer", "Digest x", "key-of-kim"])
async def test_ways_not_to_show_a_key(keyed: FastAPI, given: str) -> None:
    async with client(keyed) as http:
        refused = await http.get("/v1/models", headers={"Authorization": given})
    assert refused.status_code == 401


def test_a_new_key_is_admitted_by_its_line(tmp_path: Path) -> None:
    key, line = new_key('ac"me')
    (tmp_path / "churon.toml").write_text(f"[serve.keys]\n{line}\n", "utf-8")
    loaded = load_settings(tmp_path / "churon.toml").serve.keys
    caller = Keys(loaded).recognise(key)
    assert caller is not None and caller.tenant == 'ac"me'
    assert Keys(loaded).recognise(f"{key}x") is None
    assert key not in line and len(key) > 40
    assert new_key(None)[0] != new_key(None)[0]
    assert "tenant" not in tomllib.loads(new_key(None)[1]).popitem()[1]


def test_each_key_has_its_own_tenant() -> None:
    held = Keys({n: ServeKey(sha256=digest(n), tenant=f"tenant-{n}") for n in "abc"})
    assert [(held.recognise(n) or held).tenant for n in "abc"] == [  # type: ignore[union-attr]
        "tenant-a", "tenant-b", "tenant-c",
    ]  # fmt: skip


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[Toolkit]:
    """One store with a document each of two tenants."""
    wanted = StoreSettings(uri=str(tmp_path / "m.db"), tenancy=True)
    store = Store.open(wanted, HashingEmbeddings(), 64)
    for tenant, hour in (("north", "07:30"), ("south", "19:45")):
        text = f"The Lumen ferry leaves {tenant} harbour at {hour}."
        metadata = {"document": f"{tenant}.md", "title": tenant, "start": 0, "end": len(text)}
        passage = Document(id="same-id", page_content=text, metadata=metadata)
        await store.upsert([passage], tenant=tenant)
    base = settings().model_copy(update={"store": wanted})
    yield Toolkit(base, chat=scripted_port(read), store=store)
    store.close()


async def test_a_key_sees_its_own_tenant_only(shared: Toolkit) -> None:
    app = over(shared, {"keys": keys(kim="north", lee="south")})
    async with client(app, "key-of-kim") as kim, client(app, "key-of-lee") as lee:
        for http, own, other in ((kim, "07:30", "19:45"), (lee, "19:45", "07:30")):
            answer = await http.post("/v1/chat/completions", json=ASKED)
            assert own in answer.json()["choices"][0]["message"]["content"]
            assert other not in answer.text


@pytest.mark.parametrize("door", ["openai", "langserve", "batch"])
async def test_a_client_cannot_name_another_tenant(shared: Toolkit, door: str) -> None:
    app = over(shared, {"keys": keys(kim="north")})
    async with client(app, "key-of-kim") as kim:
        refused, own = [await _naming(kim, door, tenant) for tenant in ("south", "north")]
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden_tenant")
    assert own.status_code == 200
    assert "07:30" in own.text and "19:45" not in own.text


async def test_a_filter_does_not_open_another_tenant(shared: Toolkit) -> None:
    app = over(shared, {"keys": keys(kim="north")})
    body = {**ASKED, "churon": {"filter": {"tenant": "south"}}}
    async with client(app, "key-of-kim") as kim:
        answer = await kim.post("/v1/chat/completions", json=body)
    assert answer.json()["churon"]["status"] == "abstained"
    assert "19:45" not in answer.text


def _naming(http: httpx.AsyncClient, door: str, tenant: str) -> Any:
    if door == "openai":
        body = {**ASKED, "churon": {"context": {"tenant": tenant}}}
        return http.post("/v1/chat/completions", json=body)
    asked = {"question": ASKED["messages"][0]["content"]}
    config = {"configurable": {"tenant": tenant}}
    if door == "batch":
        body = {"inputs": [asked], "config": [config]}
        return http.post("/langserve/two_stage/batch", json=body)
    return http.post("/langserve/two_stage/invoke", json={"input": asked, "config": config})


@pytest.fixture
async def mixed(tmp_path: Path) -> AsyncIterator[Toolkit]:
    """A store as it is by default, with documents of nobody and of a tenant."""
    store = Store.open(StoreSettings(uri=str(tmp_path / "m.db")), HashingEmbeddings(), 64)
    for tenant, hour in ((None, "07:30"), ("south", "19:45")):
        text = f"The Lumen ferry leaves the harbour at {hour}."
        metadata = {"document": f"{tenant}.md", "title": "-", "start": 0, "end": len(text)}
        passage = Document(id=f"of-{tenant}", page_content=text, metadata=metadata)
        await store.upsert([passage], tenant=tenant)
    yield Toolkit(settings(), chat=scripted_port(read), store=store)
    store.close()


@pytest.mark.parametrize(
    ("tenants", "own", "seen"),
    [
        ({"kim": None, "lee": "south"}, None, {"of-None"}),
        ({"kim": None, "lee": "south"}, "south", {"of-south"}),
        ({"kim": None, "lee": None}, None, {"of-None", "of-south"}),
    ],
)
async def test_a_key_without_a_tenant_sees_no_tenants_passages(
    mixed: Toolkit, tenants: dict[str, str | None], own: str | None, seen: set[str]
) -> None:
    context = mixed.settings.context.model_copy(update={"tenant": own})
    wanted = with_serve(mixed.settings, {"keys": keys(**tenants)})
    app = create_app(mixed, wanted.model_copy(update={"context": context}))
    async with client(app, "key-of-kim") as kim:
        answer = (await kim.post("/v1/chat/completions", json=ASKED)).json()
        invoked = await kim.post(
            "/langserve/two_stage/invoke",
            json={"input": {"question": ASKED["messages"][0]["content"]}},
        )
        named = await _naming(kim, "openai", "north")
    assert set(answer["churon"]["evidence"]) == seen
    assert set(invoked.json()["output"]["evidence"]) == seen
    assert named.status_code == 403


def test_what_langgraphs_server_is_told_of_a_key_without_a_tenant() -> None:
    mixed, alike = ({"keys": keys(kim=None, lee=lee)} for lee in ("south", None))
    told = [held_context({}, Caller("kim"), with_serve(settings(), one)) for one in (mixed, alike)]
    assert [one["tenant"] for one in told] == ["", None]


def test_tenancy_needs_a_tenant_for_every_key(shared: Toolkit) -> None:
    with pytest.raises(SettingsError, match=r"serve\.keys\.kim has no tenant"):
        create_app(shared, with_serve(shared.settings, {"keys": keys(kim=None)}))


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "10.0.0.1:8000", ""])
async def test_without_keys_only_this_machines_names_work(keyless: FastAPI, host: str) -> None:
    # a page of another site, whose name was made to point to 127.0.0.1
    async with client(keyless) as http:
        refused = await http.get("/v1/models", headers={"Host": host})
        assert (await http.get("/healthz", headers={"Host": host})).status_code == 200
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_local")


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]:8000", "LOCALHOST"])
async def test_without_keys_this_machine_may_ask(keyless: FastAPI, host: str) -> None:
    async with client(keyless) as http:
        assert (await http.get("/v1/models", headers={"Host": host})).status_code == 200


async def test_without_keys_other_machines_may_not_ask(keyless: FastAPI) -> None:
    transport = httpx.ASGITransport(keyless, client=("10.0.0.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        assert (await http.get("/v1/models")).status_code == 403


async def test_other_sites_get_no_cors(keyless: FastAPI) -> None:
    async with client(keyless) as http:
        headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
        asked = await http.options("/v1/chat/completions", headers=headers)
        simple = await http.post(
            "/v1/chat/completions", content="{}", headers={"Content-Type": "text/plain"}
        )
    assert not [name for name in asked.headers if name.startswith("access-control")]
    assert (simple.status_code, simple.json()["error"]["code"]) == (415, "not_json")


def test_keys_are_not_logged(keyed: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with listening(keyed) as url:
        for key in ("key-of-kim", "a-wrong-key"):
            httpx.get(f"{url}/v1/models", headers={"Authorization": f"Bearer {key}"})
    assert "key=kim" in caplog.text
    assert "key-of-kim" not in caplog.text and "a-wrong-key" not in caplog.text


def test_lines_of_the_log_hold_no_secrets() -> None:
    key = new_key(None)[0]
    told = f"failed: http://me:word@host:1/ with {key}, Bearer abcdefghijk \x1b[31m"
    line = Plain("%(message)s").format(logging.LogRecord("n", 40, "", 1, told, (), None))
    assert "word" not in line and key not in line and "abcdefghijk" not in line
    assert "\x1b" not in line and "host:1" in line
