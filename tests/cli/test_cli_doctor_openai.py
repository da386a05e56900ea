"""The doctor's look at an OpenAI-compatible server, by what the server answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from churon.cli.checks.server import servers
from churon.tools.settings import load_settings


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """`/NAME/models` answers by NAME."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.split("/")[1]
            keyed = self.headers.get("Authorization") == "Bearer right"
            status = 401 if name == "keyed" and not keyed else 200
            body = json.dumps({"data": [{"id": "qwen"}, {"id": "other"}]})
            body = {"page": "<html>", "list": "[]"}.get(name, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "model", "key", "level", "words"),
    [
        ("plain", "qwen", None, "ok", "has qwen"),
        ("plain/", "qwen", None, "ok", "has qwen"),
        ("plain", "gone", None, "warning", "it lists: other, qwen"),
        ("keyed", "qwen", "right", "ok", "has qwen"),
        ("keyed", "qwen", "wrong", "error", "Set api_key"),
        ("page", "qwen", None, "error", "Check base_url"),
        ("list", "qwen", None, "error", "Check base_url"),
    ],
)
def test_each_answer(
    url: str, path: str, model: str, key: str | None, level: str, words: str
) -> None:
    chat = {"provider": "openai", "model": model, "base_url": f"{url}/{path}", "api_key": key}
    [finding] = servers(load_settings(chat=chat))
    assert finding.level == level
    assert words in f"{finding.message} {finding.remedy}"
