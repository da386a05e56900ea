"""`langgraph dev` as a process of its own, and a world for it: passages of two tenants, a model."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from langchain_core.documents import Document
from support import bridge
from support.ferry import FERRY, QUESTION, TEXTS, model
from support.hashing import HashingEmbeddings
from support.ollama_server import OllamaServer
from support.scripted import Reply, ScriptedChat
from support.world import step_of

from churon.tools.settings import StoreSettings
from churon.tools.store import Store

ROOT = Path(__file__).resolve().parents[2]
SIZE = 256
OTHER = FERRY.replace("07:30", "09:15")
PASSAGES = {"aren": [*TEXTS, *bridge.TEXTS], "vesk": [OTHER]}
"""By tenant; the same question has another answer in the other one."""
_OTHERS = ("CHURON_", "LANGGRAPH_", "LANGSMITH_", "LANGCHAIN_", "LANGFUSE_")
QUIET = {
    "LANGGRAPH_CLI_NO_ANALYTICS": "1",
    "LANGGRAPH_NO_VERSION_CHECK": "1",
    "LANGSMITH_TRACING": "false",
}
"""What docs/serving.md names for a server that calls nobody."""


def answer(messages: list[Any], kwargs: dict[str, Any]) -> Reply | str:
    """The ferry's model and the bridge's, by what they are asked; times are read, not known."""
    prompt = str(messages[-1].content)
    step = step_of(prompt)
    if step == "condense":
        return QUESTION
    time_of = re.search(r"Lumen ferry leaves Aren harbour at (\d\d:\d\d)", prompt)
    said = f"The Lumen leaves at {time_of[1]}." if time_of else "NONE"
    if "Halden" in prompt or "mayor" in prompt or step in ("conclude", "hop", "query"):
        return bridge.model()(step, prompt)  # type: ignore[no-any-return]
    numbers = re.findall(r"\[(\d+)\][^\[]*\[[^\]]*\]\s*The Lumen ferry leaves", prompt)
    given = {
        "plan": bridge.steps(QUESTION),
        "candidate": said,
        "answer": f"{said[:-1]} [{numbers[0]}]." if numbers else "NONE",
        "read": bridge.said(said, time_of[1] if time_of else None),
    }
    return model(**given)(step, prompt)  # type: ignore[no-any-return]


@dataclass
class DevServer:
    """A running server: where it is, what it wrote, what it was asked to fetch from outside."""

    url: str
    log_file: Path
    environment: dict[str, str]
    calls_outside: list[str]

    @property
    def log(self) -> str:
        return self.log_file.read_text("utf-8")


@contextmanager
def dev_server(folder: Path, **more: str) -> Iterator[DevServer]:
    """Serves every graph of langgraph.json over a store of two tenants and a scripted model.

    `more` are further environment variables.
    """
    config = json.loads((ROOT / "langgraph.json").read_text("utf-8"))
    del config["env"]  # a developer's own settings
    (folder / "langgraph.json").write_text(json.dumps(config), "utf-8")
    chat = ScriptedChat(script=answer, calls=[])
    with OllamaServer(chat, HashingEmbeddings(SIZE)) as models, _outside() as (proxy, asked):
        port = _free_port()
        environment = {**_environment(models.url, folder / "m.db", proxy), **more}
        log = folder / "log.txt"
        with log.open("w") as written:
            process = subprocess.Popen(
                [sys.executable, "-m", "langgraph_cli", "dev", "--no-browser", "--no-reload",
                 "--n-jobs-per-worker", "4", "--port", str(port)],
                cwd=folder, env=environment,
                stdout=written, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        asyncio.run(_fill(folder / "m.db"))  # meanwhile; the server opens it at the first search
        server = DevServer(f"http://127.0.0.1:{port}", log, environment, asked)
        try:
            _wait(server, process)
            yield server
        finally:
            _stop(process)


async def _fill(file: Path) -> None:
    settings = StoreSettings(uri=str(file), tenancy=True)
    store = Store.open(settings, HashingEmbeddings(SIZE), SIZE)
    for tenant, texts in PASSAGES.items():
        passages = [
            Document(
                id=f"{tenant}{n}",
                page_content=text,
                metadata={"document": f"{n}.md", "title": f"Doc {n}", "start": 0, "end": len(text)},
            )
            for n, text in enumerate(texts, 1)
        ]
        await store.upsert(passages, tenant=tenant)
    store.close()


def _environment(models: str, store: Path, proxy: str) -> dict[str, str]:
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(_OTHERS) and not key.lower().endswith("_proxy")
    }
    given = {
        "PRESET": "ollama",
        "CHAT__BASE_URL": models,
        "CHAT__MODEL": "double",
        "EMBEDDING__BASE_URL": models,
        "EMBEDDING__MODEL": "double",
        "EMBEDDING__DIMENSIONS": str(SIZE),
        "EMBEDDING__QUERY_PREFIX": "",
        "RERANK__PROVIDER": "none",
        "STORE__URI": str(store),
        "STORE__TENANCY": "true",
        "CONTEXT__CROSS_LANGUAGE": "false",
        "CONTEXT__K2": "3",
    }
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), proxy)
    settings = {f"CHURON_{key}": value for key, value in given.items()}
    return {**kept, **QUIET, **settings, **proxies, "NO_PROXY": "127.0.0.1,localhost"}


@contextmanager
def _outside() -> Iterator[tuple[str, list[str]]]:
    """A proxy that leads nowhere and notes who wanted to go through it."""
    asked: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def note() -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return  # closed
            with caller:
                caller.settimeout(1)
                asked.append(caller.recv(200).decode("latin-1").split("\r\n")[0])

    thread = threading.Thread(target=note, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        with suppress(OSError):  # ends the waiting `accept`; not every system needs it
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(2)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait(server: DevServer, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{server.url}/ok", timeout=1, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError(f"`langgraph dev` did not come up:\n{server.log[-4_000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(15)
