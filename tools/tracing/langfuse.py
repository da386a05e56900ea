"""Langfuse's two addresses: OpenTelemetry spans, and scores beside them."""

from __future__ import annotations

import base64
import logging
import uuid
from collections.abc import Sequence
from typing import Any

import httpx
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import format_span_id, format_trace_id
from requests import PreparedRequest, Session
from requests.auth import AuthBase

from churon.tools.addresses import shown
from churon.tools.trace_settings import LangfuseSettings
from churon.tools.tracing.attributes import SCORE
from churon.tools.tracing.sink import Sink, Undelivered

log = logging.getLogger("churon.tracing")
_HOUSE = uuid.UUID("6f0c8a52-6a5e-4c0e-9f0b-7a1f3f1d9c11")
"""A score's id follows from its span, so that a repeated delivery makes no second one."""

_SERVER_WIDE = frozenset({401, 403, 429})
"""Refusals that the next score would meet too; another 4xx is about this score alone."""


def langfuse_sink(settings: LangfuseSettings) -> Sink:
    """Spans and scores, with Basic authorization."""
    host = settings.host.rstrip("/")
    session = Session()
    session.auth = _OwnHeaders(settings)
    exporter = OTLPSpanExporter(
        endpoint=f"{host}/api/public/otel/v1/traces",
        timeout=settings.timeout,
        compression=Compression.Gzip,
        session=session,
    )
    return Sink(host, exporter, _Scores(settings))


def credentials(settings: LangfuseSettings) -> tuple[str, str]:
    """Public and secret key, as user and password."""
    secret = settings.secret_key.get_secret_value() if settings.secret_key else ""
    return settings.public_key or "", secret


class _OwnHeaders(AuthBase):
    """Langfuse's headers and no others: the exporter adds those of OTEL_EXPORTER_OTLP_HEADERS,
    which hold the secrets of a collector."""

    def __init__(self, settings: LangfuseSettings) -> None:
        user, word = credentials(settings)
        token = base64.b64encode(f"{user}:{word}".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {token}",
            "x-langfuse-ingestion-version": "4",
            "Content-Type": "application/x-protobuf",
            "Content-Encoding": "gzip",
        }

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers.clear()  # the body's length is set behind it
        request.headers.update(self._headers)
        return request


class _Scores:
    """Posts the scores that runs left on their spans."""

    def __init__(self, settings: LangfuseSettings) -> None:
        self._settings = settings
        self._client: httpx.Client | None = None
        self._refused: set[str] = set()
        """Names of scores of which it was told."""

    def __call__(self, spans: Sequence[ReadableSpan]) -> None:
        for span in spans:
            for name, value in (span.attributes or {}).items():
                if name.startswith(SCORE):
                    self._post(_score(span, name.removeprefix(SCORE), value))

    def _post(self, score: dict[str, Any]) -> None:
        if self._client is None:
            self._client = httpx.Client(
                auth=credentials(self._settings), timeout=self._settings.timeout
            )
        if self._settings.environment:
            score["environment"] = self._settings.environment
        url = f"{self._settings.host.rstrip('/')}/api/public/scores"
        try:
            answer = self._client.post(url, json=score)
        except httpx.HTTPError as error:
            raise Undelivered(f"scores: {error or type(error).__name__}") from error
        status = answer.status_code
        if answer.is_client_error and status not in _SERVER_WIDE:
            self._tell(score["name"], f"status {status}: {answer.text}")
        elif not answer.is_success:
            raise Undelivered(f"scores: status {status}")

    def _tell(self, name: str, why: str) -> None:
        if name not in self._refused:
            self._refused.add(name)
            log.warning(
                "%s refuses the score %r and it is left out (%s); spans and other scores go on",
                shown(self._settings.host), name, shown(" ".join(why.split()))[:300],
            )  # fmt: skip


def _score(span: ReadableSpan, name: str, value: Any) -> dict[str, Any]:
    assert span.context is not None
    trace, own = format_trace_id(span.context.trace_id), format_span_id(span.context.span_id)
    return {
        "id": str(uuid.uuid5(_HOUSE, f"{trace}/{own}/{name}")),
        "traceId": trace,
        "name": name,
        "value": value,
        "dataType": "CATEGORICAL" if isinstance(value, str) else "NUMERIC",
    }
