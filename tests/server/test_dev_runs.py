"""The graphs behind the server: threads, streams, pauses, tenants; and what its log says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from langgraph_sdk.client import SyncLangGraphClient
from support import bridge
from support.dev_server import DevServer
from support.ferry import QUESTION

from churon.graphs.registry import GRAPHS

pytestmark = pytest.mark.server
ASKED: Any = {"question": QUESTION}
TWO_HOPS: Any = {"question": bridge.QUESTION}


def test_every_graph_answers(client: SyncLangGraphClient, aren: Any) -> None:
    def run(name: str) -> tuple[Any, Any]:
        thread = client.threads.create()["thread_id"]
        output = client.runs.wait(thread, name, input=TWO_HOPS, context=aren)
        return output, client.threads.get_state(thread)

    with ThreadPoolExecutor(4) as pool:
        for output, state in pool.map(run, GRAPHS):
            assert output["usage"]["calls"] > 0 and output["degraded"] == []
            assert output["status"] in ("grounded", "partial", "abstained")
            assert state["values"].items() >= output.items() and state["next"] == []


def test_streams_tell_steps_tokens_and_values(
    client: SyncLangGraphClient, thread: str, aren: Any
) -> None:
    seen: dict[str, list[Any]] = {}
    for part in client.runs.stream(
        thread, "two_stage", input=ASKED, context=aren,
        stream_mode=["updates", "custom", "values"], stream_subgraphs=True,
    ):  # fmt: skip
        mode, *place = part.event.split("|")
        inside = "|".join(one.split(":")[0] for one in place)
        seen.setdefault(f"{mode}|{inside}".rstrip("|"), []).append(part.data)
    steps = [node for update in seen["updates"] for node in update]
    assert steps == ["begin", "condense", "retrieval", "generate", "restate", "finish"]
    inner = [node for update in seen["updates|retrieval"] for node in update]
    assert inner == ["gap", "search", "rerank", "digest"]
    assert "".join(one["token"] for one in seen["custom"]) == "The Lumen leaves at 07:30 [1]."
    assert seen["values"][-1]["answer"] == "The Lumen leaves at 07:30."


def test_a_stream_that_was_left_can_be_joined_again(
    client: SyncLangGraphClient, thread: str, aren: Any
) -> None:
    made: list[str] = []
    first = next(
        part
        for part in client.runs.stream(
            thread, "two_stage", input=ASKED, context=aren, stream_mode="custom",
            stream_resumable=True, on_disconnect="continue",
            on_run_created=lambda run: made.append(run["run_id"]),
        )
        if part.event == "custom"
    )  # fmt: skip
    rest = client.runs.join_stream(thread, made[0], stream_mode="custom", last_event_id=first.id)
    tokens = [part.data["token"] for part in (first, *rest) if part.event == "custom"]
    assert "".join(tokens) == "The Lumen leaves at 07:30 [1]."


def test_a_plan_waits_for_approval_is_changed_and_run(
    client: SyncLangGraphClient, thread: str, aren: Any
) -> None:
    context: Any = {**aren, "approve_plan": True}
    events = list(
        client.runs.stream(
            thread, "cot_rag", input=TWO_HOPS, context=context, stream_mode="updates"
        )
    )
    [pause] = events[-1].data["__interrupt__"]
    assert [step["question"] for step in pause["value"]["plan"]] == [bridge.FIRST, bridge.SECOND]
    state = client.threads.get_state(thread)
    assert state["next"] == ["approve"] and client.threads.get(thread)["status"] == "interrupted"
    better: Any = {"resume": {"plan": [{"question": bridge.FIRST}]}}
    output: Any = client.runs.wait(thread, "cot_rag", command=better, context=context)
    plans = [step["plan"] for step in output["steps"] if step["step"] == "plan"]
    assert [len(plan) for plan in plans] == [2, 1]
    assert client.threads.get_state(thread)["next"] == []


def test_history_tells_the_run_step_by_step(
    client: SyncLangGraphClient, thread: str, aren: Any
) -> None:
    client.runs.wait(thread, "two_stage", input=ASKED, context=aren)
    client.runs.wait(thread, "two_stage", input=TWO_HOPS, context=aren)
    history = client.threads.get_history(thread, limit=50)
    steps = [one["next"][0] if one["next"] else "" for one in reversed(history)]
    one_run = ["__start__", "begin", "condense", "retrieval", "generate", "restate", "finish", ""]
    assert steps[: len(one_run)] == one_run
    runs = client.runs.list(thread)
    assert [run["status"] for run in runs] == ["success"] * 2
    values: Any = client.threads.get_state(thread)["values"]
    assert values["question"] == bridge.QUESTION  # nothing of the first run lingers
    assert len(values["queries"]) == 1 and values["usage"]["searches"] == 1


def test_tenants_see_their_own_passages_only(client: SyncLangGraphClient) -> None:
    def run(tenant: str) -> Any:
        return client.runs.wait(None, "self_rag", input=ASKED, context={"tenant": tenant})

    tenants = ["aren", "vesk"] * 2
    with ThreadPoolExecutor(4) as pool:
        for tenant, output in zip(tenants, pool.map(run, tenants), strict=True):
            time = {"aren": "07:30", "vesk": "09:15"}[tenant]
            assert output["answer"] == f"The Lumen leaves at {time}."
            assert all(key.startswith(tenant) for key in output["evidence"])


def test_a_run_that_names_no_tenant_is_refused(client: SyncLangGraphClient) -> None:
    output: Any = client.runs.wait(None, "two_stage", input=ASKED, raise_error=False)
    assert output["__error__"]["error"] == "StoreError"
    assert "names none" in output["__error__"]["message"]


def test_a_filter_that_names_another_tenant_finds_nothing(
    client: SyncLangGraphClient, aren: Any
) -> None:
    asked: Any = {**ASKED, "filter": {"tenant": "vesk"}}
    output: Any = client.runs.wait(None, "two_stage", input=asked, context=aren, raise_error=False)
    assert "09:15" not in str(output)


def test_nothing_blocks_and_nobody_outside_is_called(
    server: DevServer, client: SyncLangGraphClient, aren: Any
) -> None:
    client.runs.wait(None, "auto", input=ASKED, context=aren)
    assert "Blocking call" not in server.log and "BlockingError" not in server.log
    assert server.calls_outside == []
    # the trap works: what goes through it is noted
    proxy = server.environment["HTTP_PROXY"]
    with httpx.Client(proxy=proxy, timeout=2) as outward, pytest.raises(httpx.HTTPError):
        outward.get("http://example.invalid/")
    assert server.calls_outside.pop().startswith("GET http://example.invalid/")
