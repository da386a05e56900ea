"""One `langgraph dev` for all tests here, and clients for it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest
from langgraph_sdk import get_sync_client
from langgraph_sdk.client import SyncLangGraphClient
from support.dev_server import DevServer, dev_server


@pytest.fixture(scope="session")
def needs_studio() -> None:
    """Skips where the server is not installed."""
    for package, extra in (("langgraph_api", "studio"), ("milvus_lite", "embedded")):
        if find_spec(package) is None:
            pytest.skip(f"the extra `{extra}` is not installed: pip install -e '.[{extra}]'")


@pytest.fixture(scope="session")
def server(needs_studio: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """The server; every test may be the first to use it."""
    with dev_server(tmp_path_factory.mktemp("dev")) as running:
        yield running


@pytest.fixture
def client(server: DevServer) -> Iterator[SyncLangGraphClient]:
    """A client as an application has it."""
    with get_sync_client(url=server.url, api_key=None) as talking:
        yield talking


@pytest.fixture
def thread(client: SyncLangGraphClient) -> str:
    """A new thread."""
    key: str = client.threads.create()["thread_id"]
    return key


@pytest.fixture
def aren() -> dict[str, Any]:
    """A context that names a tenant."""
    return {"tenant": "aren"}
