"""Size, time, number of runs, and what one run may spend."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import openai
import pytest
from fastapi import FastAPI
from support.ferry import QUESTION, model
from support.scripted import Reply
from support.serving import LOCAL, client, keys, metric, question, served, slow_port, with_serve
from support.waiting import auntil
from support.world import settings

from churon.serving.context import run_context
from churon.serving.keys import Caller
from churon.serving.problem import Problem

CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def open_app() -> FastAPI:
    """An app that lets its clients take one more collection."""
    return served(serve={"collections": ["allowed"]})


async def test_a_large_body_is_refused_before_it_is_read() -> None:
    async with client(served(serve={"max_bytes": 2_000})) as http:
        declared = await http.post(CHAT, json=question("x" * 3_000))
        streamed = await http.post(
            CHAT, content=_pieces(), headers={"Content-Type": "application/json"}
        )
        fits = await http.post(CHAT, json=question(QUESTION))
    for answer in (declared, streamed):
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
        assert "2,000 bytes" in answer.text
    assert fits.status_code == 200


async def _pieces() -> Any:
    for _ in range(50):
        yield b" " * 100


async def test_more_runs_than_places_are_refused_at_once() -> None:
    port = slow_port(0.5)
    async with client(served(port=port, serve={"runs": 2})) as http:
        answers = await asyncio.gather(
            *(http.post(CHAT, json=question(f"{QUESTION} {n}")) for n in range(5))
        )
        again = await http.post(CHAT, json=question(QUESTION))
        free = await http.get("/v1/models")
        text = (await http.get("/metrics")).text
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200, 200, 429, 429, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json()["error"]["type"] == "rate_limit_error"
    assert (again.status_code, free.status_code) == (200, 200)
    assert metric(text, "churon_requests_total", door="openai", graph="", status="429") == 3


async def test_a_run_that_takes_too_long_is_ended() -> None:
    port = slow_port()
    async with client(served(port=port, serve={"seconds": 1})) as http:
        late = await http.post(CHAT, json=question(QUESTION))
        served_late = await http.post(
            "/langserve/two_stage/invoke", json={"input": {"question": QUESTION}}
        )
        text = (await http.get("/metrics")).text
    for answer in (late, served_late):
        assert (answer.status_code, answer.json()["error"]["code"]) == (504, "timeout")
        assert "longer than 1 s" in answer.text
    assert port.model.cancelled.is_set()  # type: ignore[attr-defined]
    assert metric(text, "churon_requests_total", door="openai", graph="two_stage", status="504")


async def test_a_stream_that_takes_too_long_ends_with_the_reason() -> None:
    app = served(port=slow_port(), serve={"seconds": 0.3})
    async with client(app) as http:
        chunks = (await http.post(CHAT, json=question(QUESTION, stream=True))).text
        events = await http.post(
            "/langserve/two_stage/stream", json={"input": {"question": QUESTION}}
        )
        official = openai.AsyncOpenAI(api_key="-", base_url=f"{LOCAL}/v1", http_client=http)
        with pytest.raises(openai.APIError, match=r"longer than 0\.3 s"):
            async for _ in await official.chat.completions.create(
                model="two_stage", messages=[{"role": "user", "content": QUESTION}], stream=True
            ):
                pass
        text = (await http.get("/metrics")).text
    last = json.loads(chunks.strip().splitlines()[-1].removeprefix("data: "))
    assert last["error"]["code"] == "timeout" and "[DONE]" not in chunks
    assert events.text.count("event: error") == 1
    assert '"status_code": 504' in events.text
    assert metric(text, "churon_requests_total", door="openai", graph="two_stage", status="504")


async def test_a_client_cannot_raise_the_servers_limits() -> None:
    app = served(limits={"calls": 3, "searches": 1})
    wish = {"limits": {"calls": 10_000, "searches": 1_000, "seconds": 80_000}}
    async with client(app) as http:
        answer = await http.post(
            CHAT, json=question(QUESTION, "self_rag", churon={"context": wish})
        )
        less = await http.post(
            CHAT,
            json=question(QUESTION, "self_rag", churon={"context": {"limits": {"calls": 1}}}),
        )
    assert answer.json()["churon"]["stop_reason"] == "budget:calls"
    assert answer.json()["churon"]["usage"]["calls"] == 3
    assert answer.json()["choices"][0]["finish_reason"] == "length"
    assert less.json()["churon"]["usage"]["calls"] == 1


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("model", "/etc/passwd", 403),
        ("collection", "churon_cases", 403),
        ("collection", "allowed", 200),
        ("collection", "churon", 200),
        ("approve_plan", True, 400),
        ("k2", 99, 400),
        ("k2", "many", 400),
        ("nonsense", 1, 400),
        ("limits", {"calls": 0}, 400),
        ("limits", 5, 400),
        ("tenant", ["a"], 400),
    ],
)
async def test_what_a_client_may_say_of_its_run(
    open_app: FastAPI, name: str, value: Any, status: int
) -> None:
    async with client(open_app) as http:
        body = question(QUESTION, churon={"context": {name: value}})
        answer = await http.post(CHAT, json=body)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert name in answer.json()["error"]["message"]


def test_models_that_a_client_may_take() -> None:
    allowed = with_serve(settings(), {"models": ["other"]})
    for name in ("other", allowed.chat.model, None):
        assert run_context({"model": name}, Caller(), allowed)["model"] == name
    with pytest.raises(Problem, match="'third'"):
        run_context({"model": "third"}, Caller(), allowed)


async def test_a_batch_is_bounded() -> None:
    async with client(served(serve={"batch": 2})) as http:
        many = await http.post(
            "/langserve/two_stage/batch", json={"inputs": [{"question": QUESTION}] * 3}
        )
        none = await http.post("/langserve/two_stage/batch", json={"inputs": []})
    assert (many.status_code, none.status_code) == (422, 422)
    assert "more than the 2 of one batch" in many.text


async def test_a_batch_leaves_a_place_free() -> None:
    now, most = 0, 0

    def answer(step: str, prompt: str) -> Reply | str:
        nonlocal now, most
        now, most = now + 1, max(most, now + 1)
        asyncio.get_running_loop().call_later(0.05, _less)
        told = model()(step, prompt)
        return Reply(told, delay=0.05) if isinstance(told, str) else told

    def _less() -> None:
        nonlocal now
        now -= 1

    app = served(answer, serve={"runs": 4})
    body = {"inputs": [{"question": f"{QUESTION} {n}"} for n in range(6)]}
    async with client(app) as http:
        outputs = await http.post("/langserve/two_stage/batch", json=body)
        places = app.state.house.places
    assert [one["answer"] for one in outputs.json()["output"]] == ["The Lumen leaves at 07:30."] * 6
    assert most == 3
    assert places.taken == 0 and places.take()


async def test_a_batch_alone_in_a_busy_house_still_ends() -> None:
    app = served(serve={"runs": 2})
    assert app.state.house.places.take()
    body = {"inputs": [{"question": f"{QUESTION} {n}"} for n in range(4)]}
    async with client(app) as http:
        outputs = await asyncio.wait_for(http.post("/langserve/two_stage/batch", json=body), 20)
    assert len(outputs.json()["output"]) == 4
    assert app.state.house.places.taken == 1


async def test_a_batch_lets_others_ask() -> None:
    app = served(port=slow_port(0.1), serve={"runs": 2, "keys": keys(kim="north", lee="south")})
    body = {"inputs": [{"question": f"{QUESTION} {n}"} for n in range(8)]}
    async with client(app, "key-of-kim", timeout=60) as kim, client(app, "key-of-lee") as lee:
        batch = asyncio.ensure_future(kim.post("/langserve/two_stage/batch", json=body))
        await auntil(lambda: app.state.house.places.taken)
        answers = [await lee.post(CHAT, json=question(f"{QUESTION} {n}")) for n in range(3)]
        assert not batch.done()
        assert len((await batch).json()["output"]) == 8
    assert [answer.status_code for answer in answers] == [200] * 3


async def test_a_batch_gives_way_question_by_question() -> None:
    app = served(port=slow_port(0.1), serve={"runs": 4})
    places = app.state.house.places
    body = {"inputs": [{"question": f"{QUESTION} {n}"} for n in range(12)]}
    async with client(app, timeout=60) as http:
        batch = asyncio.ensure_future(http.post("/langserve/two_stage/batch", json=body))
        await auntil(lambda: places.taken == 3)
        for _ in range(3):  # the fourth place is its request's own
            await auntil(places.take)
        assert places.taken == 4 and not batch.done()
        assert len((await batch).json()["output"]) == 12
    assert places.taken == 3


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("churon.serving.body.SECONDS", 0.05)

    async def never() -> Any:
        yield b"{"
        await asyncio.sleep(30)

    async with client(served()) as http:
        headers = {"Content-Type": "application/json"}
        slow: httpx.Response = await http.post(CHAT, content=never(), headers=headers)
    assert slow.status_code == 408
