"""What all tests share: closed sockets, paths of development data and model files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytest_socket import socket_allow_hosts

ROOT = Path(__file__).resolve().parent.parent


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
