"""A real Chromium, or the reason why there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip


@contextmanager
def chromium() -> Iterator[Any]:
    """Without a window; skips the test that asks where Playwright or a browser is missing."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no playwright: pip install 'churon[page-tests]'"
    )
    named = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in named if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(named)} is on the PATH")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=found, args=FLAGS)
        yield started
        started.close()
