"""Any OpenTelemetry collector: the settings' own address, or what OTEL_EXPORTER_OTLP_* says."""

from __future__ import annotations

import os

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import SpanExportResult

from churon.tools.trace_settings import TraceSettings
from churon.tools.tracing.sink import Sink, hushed


def otlp_sink(settings: TraceSettings) -> Sink:
    """Spans over HTTP in protobuf."""
    return Sink(address(settings), _exporter(settings, settings.timeout))


def refusal(settings: TraceSettings, seconds: float) -> str:
    """Why a delivery without any span fails, "" where it does not."""
    with hushed() as said:
        exporter = _exporter(settings, seconds)
        try:
            if exporter.export([]) is SpanExportResult.SUCCESS:
                return ""
            return said[-1] if said else "refused"
        finally:
            exporter.shutdown()  # type: ignore[no-untyped-call]


def _exporter(settings: TraceSettings, seconds: float) -> OTLPSpanExporter:
    headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
    return OTLPSpanExporter(endpoint=settings.endpoint, headers=headers or None, timeout=seconds)


def address(settings: TraceSettings) -> str:
    """Where spans go: OpenTelemetry's own rules."""
    base = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318")
    named = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return settings.endpoint or named or f"{base.rstrip('/')}/v1/traces"
