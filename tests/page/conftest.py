"""A real Chromium that shows the page; what it requests and complains about is watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.browser import chromium

LOADING = "Failed to load resource"
"""What Chromium's console says of a status of 400 and above, whatever the page does with it."""


@dataclass
class Tab:
    """A page, its requests and its complaints."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Begin to note."""
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(LOADING):
            self.complaints.append(message.text)

    def ask(self, question: str, graph: str = "two_stage") -> Any:
        """Ask as people do; the latest turn."""
        self.page.locator("#graph").select_option(graph)
        self.page.locator("#question").fill(question)
        self.page.locator("#question").press("Enter")
        return self.page.locator(".turn").last

    def asked(self, question: str, graph: str = "two_stage") -> Any:
        """The same, when the run is over."""
        turn = self.ask(question, graph)
        turn.locator(".badge").first.wait_for()
        return turn


# Per module: while it lives, no asyncio test of another module could run
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    with chromium() as started:
        yield started


@pytest.fixture
def open_tab(browser: Any) -> Iterator[Callable[..., Tab]]:
    """Opens an address in a fresh profile; at the end nothing foreign was asked for, nobody
    complained."""
    opened: list[tuple[Any, Tab, str]] = []

    def open_at(
        url: str, locale: str = "en-US", size: tuple[int, int] = (1280, 900), **more: Any
    ) -> Tab:
        context = browser.new_context(
            locale=locale, viewport={"width": size[0], "height": size[1]},
            reduced_motion="reduce", **more,
        )  # fmt: skip
        context.set_default_timeout(15_000)
        tab = Tab(context.new_page())
        opened.append((context, tab, url))
        tab.watch()
        tab.page.goto(url)
        return tab

    yield open_at
    for context, _, _ in opened:
        context.close()
    for _, tab, url in opened:
        assert {urlsplit(asked).netloc for asked in tab.requests} == {urlsplit(url).netloc}
        assert tab.complaints == []
