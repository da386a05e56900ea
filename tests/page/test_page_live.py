"""A run as it goes on: plan, tree, passages; stopping it; a server that goes away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.bridge import QUESTION, TEXTS, model, steps
from support.page_world import hold, let, paced_port, page_app
from support.serving import listening

PASSAGES = [(f"{number}.md", None, 0, text) for number, text in enumerate(TEXTS, 1)]


@pytest.fixture(scope="module")
def port() -> Any:
    return paced_port(model())


@pytest.fixture(scope="module")
def app(port: Any) -> Any:
    return page_app(model(), PASSAGES, port=port)


@pytest.fixture(scope="module")
def url(app: Any) -> Iterator[str]:
    with listening(app) as url:
        yield url


def test_a_plan_is_drawn_with_the_state_of_each_step(
    open_tab: Callable[..., Any], url: str, port: Any
) -> None:
    hold(port)
    let(port, 1)
    turn = open_tab(url).ask(QUESTION, "cot_rag")
    plan = turn.locator(".part-plan ol > li")
    turn.locator(".plan .running").wait_for()
    assert [one.get_attribute("class") for one in plan.all()] == ["running", "waiting"]
    assert "after #1" in plan.nth(1).inner_text()
    turn.locator(".part-passages .card").first.wait_for()
    let(port)
    turn.locator(".badge").wait_for()
    assert [one.get_attribute("class") for one in plan.all()] == ["done", "done"]
    assert "Aren" in plan.nth(0).inner_text() and "supported" in plan.nth(0).inner_text()
    assert "Who is the mayor of Aren?" in plan.nth(1).inner_text()
    plan.nth(1).locator(".source").click()
    assert "Sora Han" in turn.page.locator("#passage-text").inner_text()


@pytest.mark.parametrize("graph", ["mcts_rag", "auto"])
def test_a_tree_grows_with_visits_and_values(open_tab: Callable[..., Any], graph: str) -> None:
    port = paced_port(doubtful := model(plan=steps("Who is it?"), candidate="NONE"), free=False)
    with listening(page_app(doubtful, PASSAGES, port=port, k1=1, k2=1)) as url:
        turn = open_tab(url).ask(QUESTION, graph)
        let(port, 3 if graph == "mcts_rag" else 7)
        turn.locator(".tree .node .spinner").first.wait_for()
        early = turn.locator(".tree .node").count()
        let(port)
        turn.locator(".answer-head .badge").wait_for()
    nodes = turn.locator(".tree .node")
    assert nodes.count() > early >= 1
    values = turn.locator(".tree .node-values").all_inner_texts()
    assert "visits" in values[0] and "mean" in values[0]
    assert turn.locator(".tree .winner").count() == 1
    assert turn.locator(".tree .on-path").count() >= 2
    assert "rollouts" in turn.locator(".part-tree summary").inner_text()
    assert turn.locator(".sentence").all_inner_texts() == ["Sora Han is the mayor."]


def test_stop_ends_the_run_on_the_server_too(
    open_tab: Callable[..., Any], url: str, app: Any, port: Any
) -> None:
    hold(port)
    tab = open_tab(url)
    turn = tab.ask(QUESTION, "self_rag")
    assert port.model.began.wait(20)
    tab.page.get_by_role("button", name="Stop").click()
    assert turn.locator(".badge").inner_text() == "Stopped"
    assert port.model.cancelled.wait(10)
    let(port)
    assert tab.page.locator("#send").is_visible()
    turn.get_by_role("button", name="Ask again").click()
    tab.page.wait_for_function("!document.querySelector('.badge.stopped')")
    turn.locator(".badge").wait_for()
    tab.page.wait_for_timeout(50)
    assert app.state.house.places.taken == 0


def test_a_server_that_goes_away_is_said(open_tab: Callable[..., Any]) -> None:
    port = paced_port(model(), free=False)
    app = page_app(model(), PASSAGES, port=port, serve={"drain": 0.1})
    with listening(app) as url:
        tab = open_tab(url)
        let(port, 1)
        turn = tab.ask(QUESTION, "cot_rag")
        turn.locator(".part-passages .card").first.wait_for()
    turn.locator(".failure").wait_for()
    assert "The server is stopping." in turn.locator(".failure").inner_text()
    assert turn.locator(".plan .not_run").count() == 2
    again = tab.ask(QUESTION, "cot_rag")
    again.locator(".failure").wait_for()
    assert "The server cannot be reached." in again.locator(".failure").inner_text()


def test_a_connection_that_breaks_is_said(
    open_tab: Callable[..., Any], url: str, port: Any
) -> None:
    tab = open_tab(url, "ko-KR")
    begun = b'event: begin\ndata: {"event": "begin", "request": "1", "graph": "auto"}\n\n: ping'
    headers = {"content-type": "text/event-stream"}
    tab.page.route("**/ask", lambda route: route.fulfill(body=begun, headers=headers))
    turn = tab.ask(QUESTION)
    turn.locator(".failure").wait_for()
    assert "서버와 연결이 끊겼습니다." in turn.locator(".failure").inner_text()
    tab.page.unroute("**/ask")
    let(port)
    turn.get_by_role("button", name="다시 묻기").click()
    turn.locator(".badge:not(.failed)").wait_for()
