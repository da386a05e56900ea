"""A rerank server in both shapes, for httpx's mock transport or on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

FIELDS = {"tei": ("texts", "score"), "cohere": ("documents", "relevance_score")}
Reply = httpx.Response | BaseException


class RerankDouble:
    """Call it with a request. Scores passages by `rule`, best first, as the real ones answer.

    The first requests get `first` instead, one each: an answer, or an exception that is raised.
    """

    def __init__(
        self,
        shape: str = "tei",
        rule: Callable[[str, str], float] = lambda query, text: float(len(text)),
        first: Sequence[Reply] = (),
    ) -> None:
        self.shape, self.rule = shape, rule
        self.first = list(first)
        self.gate: Callable[[], object] = lambda: None
        """Called with each request before it is answered."""
        self.requests: list[httpx.Request] = []
        self._lock = threading.Lock()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What it was asked."""
        return [json.loads(request.content) for request in self.requests]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.requests.append(request)
        self.gate()
        with self._lock:
            reply = self.first.pop(0) if self.first else None
        if isinstance(reply, BaseException):
            raise reply
        body = json.loads(request.content)
        if (texts := FIELDS[self.shape][0]) not in body:
            refused = {"error": f"missing field `{texts}`", "error_type": "Validation"}
            return reply or httpx.Response(422, json=refused)
        return reply or httpx.Response(200, json=self.answer(body))

    def answer(self, body: dict[str, Any]) -> Any:
        """The ranking that a request gets."""
        texts, score = FIELDS[self.shape]
        scores = [self.rule(body["query"], text) for text in body[texts]]
        results = [{"index": index, score: value} for index, value in enumerate(scores)]
        results.sort(key=lambda result: -result[score])
        if self.shape == "tei":
            return results
        usage = {"prompt_tokens": 9, "total_tokens": 9}
        return {"id": "r1", "model": "m", "usage": usage, "results": results}


class LoopbackRerank:
    """The double on 127.0.0.1, as a context manager; `hold` delays every answer until it is set."""

    def __init__(self, double: RerankDouble) -> None:
        self.hold = threading.Event()
        self.hold.set()
        handler = type("Handler", (_Handler,), {"double": double, "hold": self.hold})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> LoopbackRerank:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    double: RerankDouble
    hold: threading.Event
    protocol_version = "HTTP/1.1"  # connections are kept

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        request = httpx.Request("POST", f"http://127.0.0.1{self.path}", content=content)
        answer = self.double(request)
        self.hold.wait(10)
        try:
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)
        except ConnectionError:
            pass  # the client went away
