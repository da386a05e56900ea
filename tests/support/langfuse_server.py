"""Langfuse's addresses that publishing uses, on loopback: what came is kept."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from support.loopback import running

AT = "2026-03-02T10:00:00.000Z"
DATASETS, ITEMS = "/api/public/v2/datasets", "/api/public/dataset-items"
PROJECTS, SCORES = "/api/public/projects", "/api/public/scores"
TRACES = "/api/public/otel/v1/traces"
_PROJECT = {"id": "p1", "name": "test", "metadata": {}, "organization": {"id": "o1", "name": "o"}}


class LangfuseServer(ThreadingHTTPServer):
    """`refused` are addresses that answer 403, which nobody tries again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refused: set[str] = set()
        self.datasets: dict[str, dict[str, Any]] = {}
        self.items: dict[str, dict[str, Any]] = {}
        self.scores: list[dict[str, Any]] = []
        self.spans: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: LangfuseServer

    def do_GET(self) -> None:
        self._answer({"data": [_PROJECT]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.headers.append(dict(self.headers))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if self.path in self.server.refused:
            self._answer({"message": "no"}, 403)
        elif self.path == TRACES:
            self.server.spans += _spans(body)
            self._answer({})
        else:
            self._answer(self._kept(json.loads(body)))

    def _kept(self, sent: Any) -> dict[str, Any]:
        if self.path == DATASETS:
            made = {**sent, "id": f"d-{sent['name']}", "projectId": "p1", "createdAt": AT}
            return self.server.datasets.setdefault(sent["name"], {**made, "updatedAt": AT})
        if self.path == ITEMS:
            name = sent["datasetName"]
            kept = {"status": "ACTIVE", "datasetId": f"d-{name}", "mediaReferences": []}
            whole = {**sent, **kept, "createdAt": AT, "updatedAt": AT}
            return self.server.items.setdefault(sent["id"], whole)
        assert self.path == SCORES, self.path
        assert isinstance(sent, list), sent
        self.server.scores += sent
        return {}

    def _answer(self, value: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Silent."""


def _spans(body: bytes) -> Iterator[dict[str, Any]]:
    for group in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in group.scope_spans:
            for span in scope.spans:
                held = {one.key: one.value.string_value for one in span.attributes}
                yield {"name": span.name, "trace": span.trace_id.hex(), **held}


def langfuse_server() -> AbstractContextManager[LangfuseServer]:
    """A running one."""
    return running(LangfuseServer())
