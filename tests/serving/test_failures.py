"""What goes wrong inside a run: one clear message outside, the whole story in the log."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from support.ferry import QUESTION, TEXTS, model
from support.scripted import Reply
from support.serving import CountedStore, client, question, served

from churon.tools.errors import ContextTruncated, ModelUnreachable, SettingsError, StoreError

SECRET = "/home/kim/.churon/milvus.db at http://me:word@10.0.0.7:19530"
FAILURES: list[tuple[BaseException, int, str]] = [
    (ModelUnreachable(f"No answer from {SECRET}."), 503, "A model failed"),
    (ContextTruncated(f"{SECRET} is full."), 400, "do not fit the model"),
    (SettingsError(f"{SECRET} is wrong."), 500, "The settings do not work"),
    (RuntimeError(SECRET), 500, "The server failed"),
    (ValueError(SECRET), 500, "The server failed"),
]


@pytest.mark.parametrize(("failure", "status", "said"), FAILURES)
async def test_a_failing_model(
    failure: BaseException, status: int, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = served(model(answer=Reply(error=failure)))
    async with client(app) as http:
        whole = await http.post("/v1/chat/completions", json=question(QUESTION))
        chunks = await http.post("/v1/chat/completions", json=question(QUESTION, stream=True))
        asked = {"input": {"question": QUESTION}}
        invoked = await http.post("/langserve/two_stage/invoke", json=asked)
        events = await http.post("/langserve/two_stage/stream", json=asked)
    gc.collect()  # what nobody asked after is logged when it goes
    assert "never retrieved" not in caplog.text
    assert whole.status_code == status
    assert invoked.status_code == (422 if status == 400 else status)
    assert (chunks.status_code, events.status_code) == (200, 200)
    assert events.text.count("event: error") == 1
    for answer in (whole, chunks, invoked, events):
        assert said in answer.text
        for hidden in ("kim", "10.0.0.7", "word", "Traceback", "Internal Server Error"):
            assert hidden not in answer.text
    if status >= 500:
        assert whole.headers["x-request-id"] in whole.text
        assert whole.headers["x-request-id"] in caplog.text
    assert SECRET in caplog.text  # the formatter of the server's log masks the password
    ours = [record for record in caplog.records if record.name.startswith("churon")]
    traced = any(record.exc_info or "Traceback" in record.getMessage() for record in ours)
    assert traced == (said == "The server failed")


async def test_a_failing_store() -> None:
    store = CountedStore(TEXTS, StoreError(f"{SECRET} is gone.", remedy="Start it."))
    async with client(served(store=store)) as http:
        answers = [
            await http.post("/v1/chat/completions", json=question(QUESTION, graph))
            for graph in ("two_stage", "self_rag", "cot_rag", "mcts_rag", "auto")
        ]
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert "kim" not in answer.text


async def test_a_failing_grader_is_a_fallback_not_a_failure() -> None:
    answer: Any = model(grade=Reply(error=ModelUnreachable("away")))
    async with client(served(answer)) as http:
        outcome = await http.post("/v1/chat/completions", json=question(QUESTION, "self_rag"))
    assert outcome.status_code == 200
    assert any("grade" in what for what in outcome.json()["churon"]["degraded"])
