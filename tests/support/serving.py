"""Apps to serve: scripted worlds, called in process or by a real uvicorn on loopback."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from support.ferry import model
from support.scripted import Reply, ScriptedChat
from support.world import FERRY_TEXTS, Answer, ListStore, step_of, world

from churon.serving.app import create_app
from churon.serving.keys import digest
from churon.serving.server import Server, bound, configured
from churon.tools.models.base import ChatPort
from churon.tools.models.openai_dialect import OpenAIDialect
from churon.tools.serve_settings import ServeSettings
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit

LOCAL = "http://localhost"


class CountedStore(ListStore):
    """As the real store, it can tell how much it holds."""

    async def count(self, **_: Any) -> int:
        if self.error:
            raise self.error
        return len(self.documents)


def served(
    answer: Answer | None = None, *, store: Any = None, port: Any = None, serve: Any = None,
    **context: Any,
) -> FastAPI:  # fmt: skip
    """An app over a scripted world; `serve` are its ServeSettings."""
    hands = store or CountedStore(FERRY_TEXTS)
    return over(world(answer or model(), store=hands, port=port, **context), serve)


def over(toolkit: Toolkit, serve: Any = None) -> FastAPI:
    """An app over this toolkit."""
    return create_app(toolkit, with_serve(toolkit.settings, serve))


def with_serve(settings: Settings, serve: Any) -> Settings:
    """The same settings with this `serve` section."""
    return settings.model_copy(update={"serve": ServeSettings(**(serve or {}))})


def keys(**tenants: str | None) -> dict[str, Any]:
    """Settings of keys by name, whose keys are "key-of-NAME"."""
    return {
        name: {"sha256": digest(f"key-of-{name}"), "tenant": tenant}
        for name, tenant in tenants.items()
    }


def client(app: FastAPI, key: str = "", **options: Any) -> httpx.AsyncClient:
    """A client of the app in this process."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url=LOCAL, headers=headers, **options)


def question(text: str, graph: str = "two_stage", **more: Any) -> dict[str, Any]:
    """The body of a chat completion."""
    return {"model": graph, "messages": [{"role": "user", "content": text}], **more}


def metric(text: str, name: str, **labels: str) -> float:
    """One value of Prometheus' text, 0 where it is not there."""
    inner = ",".join(f'{key}="{value}"' for key, value in labels.items())
    line = f"{name}{{{inner}}} " if labels else f"{name} "
    found = [one for one in text.splitlines() if one.startswith(line)]
    return float(found[0].removeprefix(line)) if found else 0.0


@contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """The app behind a real uvicorn; its address."""
    sock = bound("127.0.0.1", 0)
    server = Server(configured(app), app.state.house)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
        sock.close()


class WatchedChat(ScriptedChat):
    """Says when a call begins and when it is cancelled."""

    began: Any = None
    cancelled: Any = None

    async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
        self.began.set()
        try:
            return await super()._agenerate(*args, **kwargs)
        except BaseException:
            self.cancelled.set()
            raise

    async def _astream(self, *args: Any, **kwargs: Any) -> Any:
        self.began.set()
        try:
            async for chunk in super()._astream(*args, **kwargs):
                yield chunk
        except BaseException:
            self.cancelled.set()
            raise


def slow_port(seconds: float = 60.0) -> ChatPort:
    """A model that takes this long, behind events `began` and `cancelled`."""

    def script(messages: list[Any], kwargs: dict[str, Any]) -> Reply:
        told = model()(step_of(prompt := str(messages[-1].content)), prompt)
        text = told if isinstance(told, Reply) else Reply(told)
        return Reply(text.text, text.logprobs, delay=seconds)

    chat = WatchedChat(
        script=script, calls=[], began=threading.Event(), cancelled=threading.Event()
    )
    return ChatPort(chat, OpenAIDialect(), "scripted", 8_192)
