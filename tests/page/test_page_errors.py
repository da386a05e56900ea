"""Keys, a busy server, a broken one: said plainly, with the way on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.bridge import QUESTION, TEXTS, model
from support.page_world import let, paced_port, page_app
from support.serving import keys, listening

from churon.tools.errors import StoreError

PASSAGES = [(f"{number}.md", None, 0, text) for number, text in enumerate(TEXTS, 1)]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with listening(page_app(model(), PASSAGES, serve={"keys": keys(kim=None)})) as url:
        yield url


def give(tab: Any, key: str) -> None:
    tab.page.locator("#key-value").fill(key)
    tab.page.locator("#key-value").press("Enter")


def test_a_key_is_asked_for_kept_for_the_session_and_forgotten(
    open_tab: Callable[..., Any], url: str
) -> None:
    tab = open_tab(url)
    turn = tab.ask(QUESTION, "cot_rag")
    dialog = tab.page.locator("#key-dialog")
    dialog.wait_for()
    assert "asks for an API key" in dialog.inner_text()
    give(tab, "틀린 키")
    tab.page.get_by_text("ASCII only").wait_for()
    give(tab, "wrong")
    tab.page.get_by_text("does not know this key").wait_for()
    give(tab, "key-of-kim")
    turn.locator(".badge.grounded").wait_for()
    assert not dialog.is_visible()
    kept = "[JSON.stringify(sessionStorage), JSON.stringify(localStorage) + document.cookie]"
    session, elsewhere = tab.page.evaluate(kept)
    assert "key-of-kim" in session and "key-of-kim" not in elsewhere
    assert all("key-of-kim" not in address for address in tab.requests)
    tab.page.reload()
    tab.asked(QUESTION, "cot_rag")
    tab.page.get_by_role("button", name="API key").click()
    tab.page.get_by_role("button", name="Forget the key").click()
    assert tab.page.evaluate("sessionStorage.length") == 0
    tab.ask(QUESTION)
    dialog.wait_for()
    tab.page.keyboard.press("Escape")
    turn = tab.page.locator(".turn").last
    turn.get_by_role("button", name="Enter the key").click()
    give(tab, "key-of-kim")
    turn.locator(".badge:not(.failed)").wait_for()


def test_a_busy_server_says_when_to_ask_again(open_tab: Callable[..., Any]) -> None:
    port = paced_port(model(), free=False)
    with listening(page_app(model(), PASSAGES, port=port, serve={"runs": 1})) as url:
        first, second = open_tab(url), open_tab(url)
        first.ask(QUESTION, "cot_rag")
        assert port.model.began.wait(5)  # type: ignore[attr-defined]
        turn = second.ask(QUESTION, "cot_rag")
        turn.locator(".failure").wait_for()
        said = turn.locator(".failure").inner_text()
        assert "The server is busy" in said and "You can ask again in " in said
        assert turn.locator(".again").is_disabled()
        second.page.locator("[data-language=ko]").click()
        said = turn.locator(".failure").inner_text()
        assert "바쁩니다" in said and "초 뒤에 다시 물을 수 있습니다" in said
        let(port)
        turn.locator(".again:enabled").click()
        turn.locator(".badge.grounded").wait_for()


def test_a_store_that_fails_is_no_empty_answer(open_tab: Callable[..., Any]) -> None:
    with listening(page_app(model(), PASSAGES, error=StoreError("gone"))) as url:
        turn = open_tab(url).ask(QUESTION)
        turn.locator(".failure").wait_for()
    said = turn.locator(".failure").inner_text()
    assert "The document store failed." in said and "under request" in said


def test_what_the_server_refuses_is_explained(open_tab: Callable[..., Any]) -> None:
    with listening(page_app(model(), PASSAGES, serve={"max_bytes": 1_000})) as url:
        turn = open_tab(url).ask("x" * 2_000)
        turn.locator(".failure").wait_for()
    said = turn.locator(".failure").inner_text()
    assert "too long for this server" in said and "1,000 bytes" in said
