"""The graphs through LangServe's own client."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from langchain_core.messages import AIMessage
from langgraph.types import Command, Interrupt, Overwrite, Send
from langserve import RemoteRunnable
from support.ferry import QUESTION
from support.serving import LOCAL, client, keys, listening, served

from churon.graphs.registry import GRAPHS
from churon.serving.langserve.serializer import EventSerializer

pytestmark = pytest.mark.filterwarnings("ignore:astream_log is deprecated")
ASKED = {"question": QUESTION}


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return served()


def remote(app: FastAPI, graph: str, key: str = "") -> RemoteRunnable[Any, Any]:
    """LangServe's client, in this process."""
    place = f"{LOCAL}/langserve/{graph}/"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    made: RemoteRunnable[Any, Any] = RemoteRunnable(place)
    made.async_client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=place, headers=headers, timeout=60
    )
    return made


@pytest.mark.parametrize("graph", GRAPHS)
async def test_every_endpoint_of_every_graph(app: FastAPI, graph: str) -> None:
    runnable = remote(app, graph)
    output = await runnable.ainvoke(ASKED)
    assert output["status"] and output["answer"] and output["usage"]["calls"] > 0
    batch = await runnable.abatch([ASKED, ASKED])
    assert [one["answer"] for one in batch] == [output["answer"]] * 2

    pieces = [piece async for piece in runnable.astream(ASKED)]
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = whole + piece
    assert len(pieces) > 1
    assert _timeless(whole) == _timeless(output)

    events = [event async for event in runnable.astream_events(ASKED, version="v2")]
    assert events[0]["event"] == "on_chain_start"
    assert {"on_chat_model_stream", "on_chain_stream", "on_chain_end"} <= {
        event["event"] for event in events
    }
    assert events[-1]["data"]["output"]["answer"] == output["answer"]

    log: Any = None
    async for patch in runnable.astream_log(ASKED):
        log = patch if log is None else log + patch
    assert log.state["final_output"]["answer"] == output["answer"]
    assert log.state["logs"]


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    whole: dict[str, Any] = (schema["$defs"][name] if name else schema)["properties"]
    return whole


def _timeless(output: dict[str, Any]) -> dict[str, Any]:
    return {**output, "usage": {**output["usage"], "seconds": 0}}


@pytest.mark.parametrize("graph", GRAPHS)
async def test_schemas_and_playground(app: FastAPI, graph: str) -> None:
    async with client(app, follow_redirects=True) as http:
        place = f"/langserve/{graph}"
        asked, out, knobs = [
            (await http.get(f"{place}/{kind}_schema")).json()
            for kind in ("input", "output", "config")
        ]
        page = await http.get(f"{place}/playground/")
        style = await http.get(page.text.partition('href="')[2].partition('"')[0])
        lost = [
            await http.get(f"{place}/playground/{path}") for path in ("assets", "x%00y", "..%2f..")
        ]
    assert "question" in _properties(asked)
    assert {"answer", "claims", "evidence"} <= set(_properties(out))
    configurable = knobs["$defs"]["Configurable"]["properties"]
    assert "k2" in configurable and "limits" in configurable
    assert page.status_code == 200 and "window.INPUT_SCHEMA = {" in page.text
    assert style.status_code == 200
    assert {one.status_code for one in lost} == {404}


def test_the_blocking_client_over_a_socket() -> None:
    with listening(served()) as url:
        runnable: RemoteRunnable[Any, Any] = RemoteRunnable(f"{url}/langserve/two_stage/")
        output = runnable.invoke(ASKED)
        streamed = list(runnable.stream(ASKED))
    assert output["answer"] == "The Lumen leaves at 07:30."
    assert streamed[-1]["answer"] == output["answer"]


async def test_configurable_becomes_the_context(app: FastAPI) -> None:
    for graph in GRAPHS:
        config: Any = {"configurable": {"limits": {"calls": 1}, "thread_id": "7", "k1": None}}
        output = await remote(app, graph).ainvoke(ASKED, config)
        assert output["usage"]["calls"] == 1
    configs: Any = [{"configurable": {"limits": {"calls": n}}} for n in (1, 2)]
    async with client(app) as http:
        body = {"inputs": [ASKED, ASKED], "config": configs}
        answer = await http.post("/langserve/self_rag/batch", json=body)
    assert [one["usage"]["calls"] for one in answer.json()["output"]] == [1, 2]


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        ({"k2": 99}, "The context value k2=99 is refused"),
        ({"k2": "many"}, "k2"),
        ({"colour": "red"}, "The context value colour='red' is refused"),
        ({"limits": {"calls": 0}}, "limits.calls=0"),
        ({"limits": {"colour": 1}}, "limits.colour=1"),
        ({"approve_plan": True}, "approve_plan"),
    ],
)
@pytest.mark.parametrize("endpoint", ["invoke", "batch", "stream", "stream_log", "stream_events"])
async def test_wrong_knobs_are_refused(
    app: FastAPI, endpoint: str, knobs: dict[str, Any], said: str
) -> None:
    asked = {"inputs": [ASKED]} if endpoint == "batch" else {"input": ASKED}
    async with client(app) as http:
        body = {**asked, "config": {"configurable": knobs}}
        answer = await http.post(f"/langserve/self_rag/{endpoint}", json=body)
    assert answer.status_code == 422
    assert said in answer.json()["error"]["message"]


async def test_the_client_raises_what_the_server_says(app: FastAPI) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="k2=99"):
        await remote(app, "auto").ainvoke(ASKED, {"configurable": {"k2": 99}})
    with pytest.raises(httpx.HTTPStatusError, match="question is empty"):
        await remote(app, "auto").ainvoke({"question": " "})


async def test_a_key_is_needed_and_enough() -> None:
    app = served(serve={"keys": keys(kim=None)})
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        await remote(app, "two_stage").ainvoke(ASKED)
    assert (await remote(app, "two_stage", "key-of-kim").ainvoke(ASKED))["answer"]
    async with client(app) as http:
        page = await http.get("/langserve/two_stage/playground/", auth=("me", "key-of-kim"))
    assert page.status_code == 200


@pytest.mark.parametrize("endpoint", ["invoke", "batch", "stream", "stream_log", "stream_events"])
@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"5", b"\xff", b"[" * 10_000, b'{"input": 5}', b'{"inputs": 5}',
        rb'{"input": {"question": "\ud800"}, "inputs": [{"question": "\ud800"}]}',
        b'{"input": {"question": "a", "x": 1}, "inputs": [5]}',
        b'{"input": {"question": "a"}, "inputs": [{"question": "a"}], "config": 5}',
        b'{"input": {"question": "a", "history": [{"role": "x"}]},'
        b' "inputs": [{"question": "a", "history": [5]}]}',
        b'{"input": {"question": "a", "filter": {"a b": 1}}, "inputs": [{"question": " "}]}',
        b'{"input": {"question": "a"}, "inputs": [{"question": "a"}],'
        b' "config": {"configurable": 5}}',
    ],
)  # fmt: skip
async def test_broken_bodies_are_refused(app: FastAPI, endpoint: str, body: bytes) -> None:
    async with client(app) as http:
        answer = await http.post(
            f"/langserve/self_rag/{endpoint}",
            content=body,
            headers={"Content-Type": "application/json"},
        )
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["message"]


def test_events_of_langgraph_become_data() -> None:
    class Odd:
        secret = "/home/kim"

    held = {
        "send": Send("grade", {"passage": 1}),
        "reset": Overwrite([]),
        "go": Command(update={"a": 1}, goto="finish"),
        "pause": Interrupt(value="?"),
        "message": AIMessage("hi"),
        "set": {"b", "a"},
        "odd": Odd(),
        1: float("nan"),
    }
    data = json.loads(EventSerializer().dumps(held))
    assert data["send"] == {"node": "grade", "arg": {"passage": 1}}
    assert data["reset"] == {"value": []}
    assert data["go"] == {"update": {"a": 1}, "goto": "finish"}
    assert data["message"]["content"] == "hi"
    assert (data["set"], data["odd"], data["1"]) == (["a", "b"], "<Odd>", None)
