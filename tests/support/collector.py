"""A collector on loopback: Langfuse's addresses and OpenTelemetry's, as trees of spans."""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from support.loopback import running

KEYS = {"public_key": "pk-lf-test-1234", "secret_key": "sk-lf-test-567890"}
TYPE, INPUT, OUTPUT = (f"langfuse.observation.{name}" for name in ("type", "input", "output"))


@dataclass
class Span:
    """One span as it arrived."""

    id: str
    parent: str
    trace: str
    name: str
    attributes: dict[str, Any]
    failed: bool
    resource: dict[str, Any]
    children: list[Span] = field(default_factory=list)

    @property
    def type(self) -> str:
        kind: str = self.attributes[TYPE]
        return kind

    @property
    def output(self) -> Any:
        return json.loads(self.attributes[OUTPUT])

    @property
    def input(self) -> Any:
        return json.loads(self.attributes[INPUT])

    def find(self, *path: str) -> list[Span]:
        """Below it: along these names, with anything between them."""
        if not path:
            return [self]
        found = [s for child in self.children for s in child.find(*path)]
        return found + [s for c in self.children if c.name == path[0] for s in c.find(*path[1:])]

    def walk(self) -> Iterator[Span]:
        """It and everything below."""
        yield self
        for child in self.children:
            yield from child.walk()


class Collector(ThreadingHTTPServer):
    """`status` and `delay` (seconds) are how it answers; `bodies` holds what came, unpacked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.delay = 200, 0.0
        self.spans: list[Span] = []
        self.scores: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.bodies = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def langfuse(self) -> dict[str, Any]:
        """Settings that trace to it as Langfuse."""
        return {**KEYS, "host": self.url, "timeout": 2}

    @property
    def otlp(self) -> dict[str, Any]:
        """Settings that trace to it as a collector."""
        return {"endpoint": f"{self.url}/v1/traces", "headers": {"x-key": "let-me-in"}}

    def trees(self) -> list[Span]:
        """The runs' own spans, with those below them."""
        known = {span.id: span for span in self.spans}
        for span in known.values():
            span.children = [one for one in known.values() if one.parent == span.id]
        return [span for span in known.values() if span.parent not in known]

    def tree(self) -> Span:
        """Of the only run."""
        [only] = self.trees()
        return only


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.paths.append(self.path)
        self.server.headers.append({k.lower(): v for k, v in self.headers.items()})
        time.sleep(self.server.delay)
        self._answer(self._status(body))

    def do_GET(self) -> None:
        self._answer(self._allowed() if self.server.status == 200 else self.server.status)

    def _status(self, body: bytes) -> int:
        if self.server.status != 200:
            return self.server.status
        if self.path.startswith("/api/public/") and self._allowed() != 200:
            return 401
        self.server.bodies += body
        if self.path == "/api/public/scores":
            self.server.scores.append(json.loads(body))
        elif self.path in ("/api/public/otel/v1/traces", "/v1/traces"):
            self.server.spans += _decoded(body)
        else:
            return 404
        return 200

    def _allowed(self) -> int:
        word = base64.b64encode(f"{KEYS['public_key']}:{KEYS['secret_key']}".encode()).decode()
        return 200 if self.headers.get("Authorization") == f"Basic {word}" else 401

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        """Silent."""


def _decoded(body: bytes) -> Iterator[Span]:
    for group in ExportTraceServiceRequest.FromString(body).resource_spans:
        held = {one.key: _value(one.value) for one in group.resource.attributes}
        for scope in group.scope_spans:
            for span in scope.spans:
                told = {one.key: _value(one.value) for one in span.attributes}
                ids = (span.span_id.hex(), span.parent_span_id.hex(), span.trace_id.hex())
                yield Span(*ids, span.name, told, span.status.code == 2, held)


def _value(given: Any) -> Any:
    kind = given.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in given.array_value.values]
    return getattr(given, kind) if kind else None


def collector() -> AbstractContextManager[Collector]:
    """A running one."""
    return running(Collector())
