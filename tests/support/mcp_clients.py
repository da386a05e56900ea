"""The official MCP client, in memory or over HTTP, in both generations of the protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from langchain_core.documents import Document
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult
from support.hashing import HashingEmbeddings
from support.reader import read
from support.scripted import scripted_port
from support.world import settings

from churon.serving.house import House
from churon.serving.keys import Caller
from churon.serving.mcp.server import server
from churon.serving.visit import Visit
from churon.tools.settings import StoreSettings
from churon.tools.store import Store
from churon.tools.toolkit import Toolkit

MODES = ("auto", "legacy")
"""2026-07-28, where each request stands alone, and the handshake before it."""
TEXTS = {
    "en": "The Lumen ferry leaves {} harbour at {}.\n\n",
    "ko": "루멘 여객선의 승객 정원은 {}에서 {}명이다.",
}
TENANTS = {"north": ("07:30", "198"), "south": ("19:45", "240")}


def local(toolkit: Toolkit, mode: Any, tenant: str | None = None, frank: bool = True) -> Client:
    """A client of the tools in this process, for one caller."""
    house = House.of(toolkit, None)

    def visit(_: Any) -> Visit:
        return Visit("mcp", True, caller=Caller(tenant=tenant))

    return Client(server(house, visit, frank), mode=mode)


@asynccontextmanager
async def remote(url: str, mode: Any, key: str = "") -> AsyncIterator[Client]:
    """A client of a served app."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


def text(result: CallToolResult) -> str:
    """What a model reads."""
    [content] = result.content
    assert content.type == "text"
    return content.text


def failed(result: CallToolResult) -> str:
    """The message of a failure."""
    assert result.is_error and result.structured_content is None
    return text(result)


def data(result: CallToolResult) -> Any:
    """What a program reads; the client has held it against the tool's schema."""
    assert not result.is_error, text(result)
    return result.structured_content


@asynccontextmanager
async def two_tenants(folder: Any) -> AsyncIterator[Toolkit]:
    """One document each, in English and Korean; a model that reads what it is shown."""
    wanted = StoreSettings(uri=str(folder / "m.db"), tenancy=True)
    store = Store.open(wanted, HashingEmbeddings(), 64)
    for tenant, facts in TENANTS.items():
        parts = [one.format(tenant, fact) for one, fact in zip(TEXTS.values(), facts, strict=True)]
        await store.upsert(_passages(tenant, parts), tenant=tenant)
    base = settings().model_copy(update={"store": wanted})
    yield Toolkit(base, chat=scripted_port(read), store=store)
    store.close()


def _passages(tenant: str, parts: list[str]) -> list[Document]:
    made, start = [], 0
    for number, part in enumerate(parts, 1):
        place = {"start": start, "end": start + len(part), "page": number}
        metadata = {"document": f"{tenant}.md", "title": tenant, **place}
        made.append(Document(id=f"{tenant}-{number}", page_content=part, metadata=metadata))
        start += len(part)
    return made
