"""LangGraph's server with keys: who may ask, whose threads, whose passages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_sync_client
from langgraph_sdk.client import SyncLangGraphClient
from langgraph_sdk.errors import APIStatusError
from support.dev_server import DevServer, dev_server
from support.ferry import QUESTION
from support.serving import keys

from churon.graphs.registry import CHAT, GRAPHS

pytestmark = pytest.mark.server
ASKED: Any = {"question": QUESTION}
CALLERS = {"kim": "aren", "kai": "aren", "lee": "vesk"}
TIMES = {"aren": "07:30", "vesk": "09:15"}


@pytest.fixture(scope="module")
def keyed(needs_studio: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """The server with a key each for kim and kai, of one tenant, and lee, of another."""
    held = {"CHURON_SERVE__KEYS": json.dumps(keys(**CALLERS)), "CHURON_CONTEXT__LIMITS__CALLS": "9"}
    with dev_server(tmp_path_factory.mktemp("auth"), **held) as running:
        yield running


@pytest.fixture
def people(keyed: DevServer) -> Iterator[dict[str, SyncLangGraphClient]]:
    """Clients by name."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(get_sync_client(url=keyed.url, api_key=f"key-of-{name}"))
            for name in CALLERS
        }


People = dict[str, SyncLangGraphClient]


def status(asking: Callable[[], Any]) -> int:
    """With what it is refused; waiting runs raise httpx's error, all else the client's own."""
    with pytest.raises((APIStatusError, httpx.HTTPStatusError)) as refused:
        asking()
    error: Any = refused.value
    return int(error.response.status_code)


PLACES = [
    ("POST", "/threads"), ("POST", "/threads/search"), ("POST", "/assistants/search"),
    ("POST", "/runs/wait"), ("POST", "/runs/stream"), ("POST", "/runs/crons/search"),
    ("PUT", "/store/items"), ("POST", "/mcp"), ("GET", "/threads/x/state"),
]  # fmt: skip
STRANGERS: list[dict[str, str]] = [
    {}, {"X-API-Key": "guess"}, {"Authorization": "Bearer guess"},
    {"X-Auth-Scheme": "langsmith"}, {"X-Auth-Scheme": "langsmith", "X-API-Key": "guess"},
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), PLACES)
def test_strangers_are_refused_everywhere(keyed: DevServer, method: str, path: str) -> None:
    for headers in STRANGERS:
        body = {"assistant_id": "two_stage", "input": ASKED}
        with httpx.Client(trust_env=False, headers=headers) as http:
            assert http.request(method, f"{keyed.url}{path}", json=body).status_code == 401, headers


@pytest.mark.parametrize("header", ["Bearer", "X-API-Key"])
def test_ways_to_show_a_key(keyed: DevServer, header: str) -> None:
    own = {"Authorization": "Bearer key-of-kim"} if header == "Bearer" else {header: "key-of-kim"}
    found = httpx.post(f"{keyed.url}/assistants/search", json={}, headers=own, trust_env=False)
    assert {one["graph_id"] for one in found.json()} >= {*GRAPHS, CHAT}


@pytest.mark.parametrize("graph", ["self_rag", "two_stage"])
def test_a_key_asks_its_own_tenant(people: People, graph: str) -> None:
    for name, http in people.items():
        output: Any = http.runs.wait(None, graph, input=ASKED)
        assert TIMES[CALLERS[name]] in output["answer"]
        assert all(key.startswith(CALLERS[name]) for key in output["evidence"])


@pytest.mark.parametrize(
    "named",
    [
        {"context": {"tenant": "vesk"}},
        {"config": {"configurable": {"tenant": "vesk"}}},
        {"context": {"model": "/etc/passwd"}},
        {"context": {"collection": "churon_cases"}},
    ],
)
def test_what_a_run_may_not_name(people: People, named: Any) -> None:
    kim = people["kim"]
    assert status(lambda: kim.runs.wait(None, "two_stage", input=ASKED, **named)) == 403
    assert status(lambda: kim.assistants.create("two_stage", **named)) == 403


def test_naming_ones_own_tenant_is_fine_and_limits_are_capped(people: People) -> None:
    wish: Any = {"tenant": "aren", "limits": {"calls": 5_000}}
    output: Any = people["kim"].runs.wait(None, "mcts_rag", input=ASKED, context=wish)
    assert "07:30" in str(output["evidence"]) and output["usage"]["calls"] <= 9


def test_an_assistant_is_its_owners_and_lends_no_tenant(people: People) -> None:
    kim, kai, lee = people.values()
    made = kim.assistants.create(
        "two_stage", context={"k2": 2}, metadata={"created_by": "system", "churon_owner": "x"}
    )["assistant_id"]
    assert kai.assistants.get(made)["context"]["k2"] == 2
    assert made in [one["assistant_id"] for one in kim.assistants.search(limit=100)]
    assert made not in [one["assistant_id"] for one in lee.assistants.search(limit=100)]
    for refused in (
        lambda: lee.assistants.get(made),
        lambda: lee.assistants.update(made, name="mine"),
        lambda: lee.assistants.delete(made),
        lambda: lee.runs.wait(None, made, input=ASKED),
    ):
        assert status(refused) == 404
    assert status(lambda: kim.assistants.update(made, context={"tenant": "vesk"})) == 403
    output: Any = kai.runs.wait(None, made, input=ASKED)
    assert "07:30" in output["answer"]
    system = next(one for one in kim.assistants.search(limit=100) if one["graph_id"] == "auto")
    assert status(lambda: kim.assistants.update(system["assistant_id"], name="mine")) == 404


def test_a_thread_is_its_owners(people: People) -> None:
    kim, kai, lee = people.values()
    thread = kim.threads.create(metadata={"churon_owner": "tenant:vesk"})["thread_id"]
    kim.runs.wait(thread, "two_stage", input=ASKED)
    run = kim.runs.list(thread)[0]["run_id"]
    kim.threads.update(thread, metadata={"churon_owner": "tenant:vesk", "topic": "ferries"})
    assert kai.threads.get_state(thread)["values"]["answer"]
    assert thread in [one["thread_id"] for one in kai.threads.search()]
    assert lee.threads.search(metadata={"topic": "ferries"}) == []
    for refused in (
        lambda: lee.threads.get(thread),
        lambda: lee.threads.get_state(thread),
        lambda: lee.threads.get_history(thread),
        lambda: lee.threads.update(thread, metadata={"a": 1}),
        lambda: lee.threads.copy(thread),
        lambda: lee.threads.delete(thread),
        lambda: lee.runs.get(thread, run),
        lambda: lee.runs.join(thread, run),
        lambda: lee.runs.cancel(thread, run),
        lambda: lee.runs.delete(thread, run),
        lambda: lee.runs.wait(thread, "two_stage", input=ASKED),
    ):
        assert status(refused) in (404, 409)
    assert lee.threads.search(metadata={"topic": "ferries"}) == []  # nothing was copied
    for streamed in (lee.threads.join_stream(thread), lee.runs.join_stream(thread, run)):
        [part] = streamed
        assert (part.event, part.data["message"]) == ("error", "404: Thread not found")
    assert kim.threads.get_state(thread)["values"]["answer"]


def test_a_run_makes_its_thread_its_owners(people: People) -> None:
    kim, _, lee = people.values()
    known = "11111111-2222-4333-8444-555555555555"
    kim.runs.wait(known, "two_stage", input=ASKED, if_not_exists="create")
    assert kim.threads.get(known)["metadata"]["churon_owner"] == "tenant:aren"
    assert status(lambda: lee.threads.get(known)) == 404


def test_a_plan_is_approved_by_its_owner(people: People) -> None:
    kim, _, lee = people.values()
    thread = kim.threads.create()["thread_id"]
    context: Any = {"approve_plan": True}
    kim.runs.wait(thread, "cot_rag", input=ASKED, context=context)
    assert kim.threads.get(thread)["status"] == "interrupted"
    go: Any = {"command": {"resume": True}, "context": context}
    assert status(lambda: lee.runs.wait(thread, "cot_rag", **go)) == 404
    output: Any = kim.runs.wait(thread, "cot_rag", **go)
    assert "07:30" in output["answer"]


def test_crons_and_the_store_are_not_offered(people: People) -> None:
    kim = people["kim"]
    for refused in (
        lambda: kim.crons.create("two_stage", schedule="0 0 1 1 *", input=ASKED),
        lambda: kim.crons.search(),
        lambda: kim.store.put_item(["a"], "b", {"c": 1}),
        lambda: kim.store.get_item(["a"], key="b"),
        lambda: kim.store.search_items(["a"]),
    ):
        assert status(refused) == 403


def test_nothing_blocks_and_no_key_is_logged(keyed: DevServer, people: People) -> None:
    people["kim"].runs.wait(None, "auto", input=ASKED)
    assert "Blocking call" not in keyed.log and "BlockingError" not in keyed.log
    assert "key-of-kim" not in keyed.log and keyed.calls_outside == []


def test_a_state_is_not_written(people: People) -> None:
    """It names the tenant and the limits that a run goes on with."""
    kim = people["kim"]
    thread = kim.threads.create(graph_id="two_stage")["thread_id"]
    forged = {"account": {"spent": {}, "call_cap": None, "given": {"tenant": "vesk"}}}
    assert status(lambda: kim.threads.update_state(thread, forged, as_node="condense")) == 403
    steps: Any = [{"updates": [{"values": forged, "as_node": "condense"}]}]
    made = kim.threads.create(graph_id="two_stage", supersteps=steps, metadata={"made": "so"})
    assert "values" not in made  # the thread is there, its state was not written
    [held] = kim.threads.search(metadata={"made": "so"})
    assert not kim.threads.get_state(held["thread_id"])["values"]
    command: Any = {"update": forged, "goto": "retrieval"}
    assert status(lambda: kim.runs.wait(thread, "two_stage", command=command)) == 403
    kim.threads.update(thread, metadata={"colour": "red"})
    assert kim.threads.get(thread)["metadata"]["colour"] == "red"


def test_a_webhook_is_not_called(people: People) -> None:
    kim = people["kim"]
    hook = "http://10.255.255.1/hook"
    assert status(lambda: kim.runs.wait(None, "two_stage", input=ASKED, webhook=hook)) == 403
