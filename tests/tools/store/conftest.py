"""Stores to test: Milvus Lite always, a real server where one can be started."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hashing import HashingEmbeddings
from support.milvus_server import milvus_server

from churon.tools.settings import StoreSettings
from churon.tools.store.milvus import Store

_names = itertools.count()


@pytest.fixture(scope="session")
def lite(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("store") / "made" / "milvus.db")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with milvus_server(tmp_path_factory.mktemp("server")) as uri:
        yield uri


@pytest.fixture(params=["lite", pytest.param("server", marks=pytest.mark.server)])
def uri(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def settings(uri: str) -> StoreSettings:
    return StoreSettings(uri=uri, collection=f"c{next(_names)}", timeout=30)


@pytest.fixture
def store(settings: StoreSettings) -> Iterator[Store]:
    opened = Store.open(settings, HashingEmbeddings(), 64)
    yield opened
    opened.close()


@pytest.fixture
def lite_settings(lite: str) -> StoreSettings:
    return StoreSettings(uri=lite, collection=f"c{next(_names)}", timeout=30)


@pytest.fixture
def fresh(tmp_path: Path) -> StoreSettings:
    return StoreSettings(uri=str(tmp_path / "own.db"), timeout=5)
