"""Langfuse: a handler a run where keys are set, silence otherwise, no harm when it is down."""

from __future__ import annotations

import base64
import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from support.ferry import QUESTION, TEXTS, model
from support.scripted import scripted_port
from support.world import ListStore, step_of

from churon.graphs.registry import build_graph
from churon.tools.settings import load_settings
from churon.tools.toolkit import Toolkit

pytest.importorskip("langfuse")
Request = tuple[str, str, bytes]


class Collector(BaseHTTPRequestHandler):
    """Keeps what is posted."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.path, self.headers.get("Authorization", ""), body))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Silent."""


@pytest.fixture
def collector() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    server.seen, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def toolkit(host: str, key: str | None) -> Toolkit:
    keys = {"public_key": key, "secret_key": "sk-lf-x"} if key else {}
    settings = load_settings(
        rerank={"provider": "none"}, langfuse={"host": host, "timeout": 1, **keys}
    )

    def script(messages: list[Any], kwargs: dict[str, Any]) -> Any:
        prompt = str(messages[-1].content)
        return model()(step_of(prompt), prompt)

    return Toolkit(settings, chat=scripted_port(script), store=ListStore(TEXTS))  # type: ignore[arg-type]


async def test_a_traced_run_posts_its_spans(collector: Any) -> None:
    host = f"http://127.0.0.1:{collector.server_port}"
    graph = build_graph("self_rag", toolkit(host, "pk-lf-traced"))
    output = await graph.ainvoke({"question": QUESTION})
    assert output["status"] == "grounded"
    posts = [request for request in collector.seen if request[0].endswith("/otel/v1/traces")]
    assert posts
    assert base64.b64decode(posts[0][1].removeprefix("Basic ")) == b"pk-lf-traced:sk-lf-x"
    spans = b"".join(gzip.decompress(body) for _, _, body in posts)
    for node in (b"retrieval", b"grade", b"candidate", b"ScriptedChat"):
        assert node in spans


async def test_without_keys_nothing_is_sent(collector: Any) -> None:
    host = f"http://127.0.0.1:{collector.server_port}"
    await build_graph("self_rag", toolkit(host, None)).ainvoke({"question": QUESTION})
    assert collector.seen == []


@pytest.mark.parametrize("status", [500, None])
async def test_a_failing_server_leaves_answers_alone(collector: Any, status: int | None) -> None:
    collector.status = status or 200
    port = collector.server_port if status else 1  # port 1: nobody listens
    graph = build_graph("self_rag", toolkit(f"http://127.0.0.1:{port}", f"pk-lf-{status}"))
    output = await graph.ainvoke({"question": QUESTION})
    assert output["status"] == "grounded"
