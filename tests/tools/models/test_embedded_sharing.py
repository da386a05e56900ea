"""One engine, many who use it: whoever closes it last ends it, and nobody waits for what ended."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from churon.tools.errors import ModelError
from churon.tools.models import embedded_engine
from churon.tools.models.embedded import EmbeddedChat

ASK = [HumanMessage("Count.")]


class Endless:
    """Writes until it is told to stop; `begun` is set once it writes."""

    def __init__(self) -> None:
        self.begun, self.pause = threading.Event(), threading.Event()

    def handle_chat_completions(
        self, request: dict[str, Any], receive: Callable[[dict[str, Any]], bool]
    ) -> None:
        self.begun.set()
        while not receive({"choices": [{"delta": {"content": "x"}}]}):
            self.pause.wait(0.01)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endless]:
    made = Endless()
    monkeypatch.setattr(embedded_engine, "_open_server", lambda params: made)
    yield made
    embedded_engine.close_all()


def chat(folder: Path) -> EmbeddedChat:
    return EmbeddedChat(model_path=folder / "none.gguf", slots=1, timeout=60)


async def begun(*calls: Any, server: Endless) -> list[asyncio.Task[Any]]:
    tasks = [asyncio.create_task(call) for call in calls]
    await asyncio.to_thread(server.begun.wait)
    await asyncio.sleep(0.05)
    return tasks


async def test_closing_ones_own_leaves_anothers_call_alone(tmp_path: Path, server: Endless) -> None:
    mine, others = chat(tmp_path), chat(tmp_path)
    mine.load()
    [running] = await begun(others.ainvoke(ASK), server=server)
    await asyncio.to_thread(mine.close)
    await asyncio.sleep(0.1)
    assert not running.done()
    await asyncio.to_thread(others.close)
    with pytest.raises(ModelError, match=r"closed during the call\. Ask again"):
        await asyncio.wait_for(running, 10)


async def test_what_runs_and_what_waits_ends_at_once_with_the_engine(
    tmp_path: Path, server: Endless
) -> None:
    model = chat(tmp_path)
    calls = (model.ainvoke(ASK), model.ainvoke(ASK), asyncio.to_thread(model.invoke, ASK))
    tasks = await begun(*calls, server=server)
    await asyncio.to_thread(model.close)
    ended = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
    assert all(isinstance(one, ModelError) and "was closed" in str(one) for one in ended)
