"""What all tests share: closed sockets, paths of development data and model files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_socket import socket_allow_hosts

if TYPE_CHECKING:
    from churon.tools.models.e5 import E5Embeddings
    from churon.tools.models.embedded import EmbeddedChat

ROOT = Path(__file__).resolve().parent.parent

ALONE = (
    "page", "server", "serving/test_connections.py", "serving/test_disconnect.py",
    "serving/test_mcp_stdio.py",
    "serving/test_schemathesis.py", "serving/test_serve_command.py", "serving/test_stop.py",
    "tracing/test_failures.py",
)  # fmt: skip
"""What counts seconds, or starts whole servers and browsers: nothing must run beside it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = [ROOT / "tests" / name for name in ALONE]
    for item in items:
        if any(item.path.is_relative_to(place) for place in places):
            item.add_marker("alone")


def pytest_runtest_setup() -> None:
    # Loopback and unix sockets stay open (event loops, local servers); nothing else is reachable
    socket_allow_hosts(["127.0.0.1", "localhost", "::1"], allow_unix_socket=True)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The development data beside the repository."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the development data (../shared/data) is not here")
    return folder


@pytest.fixture(scope="session")
def models_folder() -> Path:
    """The folder of the pulled model files (`churon models pull --quick`)."""
    default = Path("~/.cache/churon/models").expanduser()
    folder = Path(os.environ.get("CHURON_MODELS__FOLDER", default)).expanduser()
    if not folder.is_dir():
        pytest.skip("no model files: run `churon models pull --quick`")
    return folder


@pytest.fixture(scope="session")
def e5(models_folder: Path) -> E5Embeddings:
    """The embedding model, loaded once."""
    from churon.tools.models.e5 import WEIGHTS_FILE, E5Embeddings

    if not (models_folder / WEIGHTS_FILE).is_file():
        pytest.skip("no e5 weights: run `churon models pull --quick`")
    return E5Embeddings(models_folder)


@pytest.fixture(scope="session")
def embedded_chat(models_folder: Path) -> Iterator[EmbeddedChat]:
    """The 0.5B chat model in process, loaded once."""
    from churon.tools.models.embedded import EmbeddedChat

    path = models_folder / "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
    if not path.is_file():
        pytest.skip("no 0.5B chat model: run `churon models pull --quick`")
    chat = EmbeddedChat(model_path=path, context_length=4_096, slots=2)
    yield chat
    chat.close()
