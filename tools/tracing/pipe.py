"""The way of spans out of the process: one pipe for each set of destinations, kept until the end.

Runs end without waiting for it. When the process ends it gets a bounded time to send what is left.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from dataclasses import dataclass, field

from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Tracer

from churon.tools.settings import Settings
from churon.tools.tracing.langfuse import langfuse_sink
from churon.tools.tracing.otlp import otlp_sink
from churon.tools.tracing.sink import Sink

_DELAY = 1_000
"""Milliseconds after which ended spans are sent."""
_WAITING, _BATCH = 8_192, 128
"""Most spans that wait, and of one delivery: a few megabytes at most, which servers still take."""


@dataclass(eq=False)
class Pipe:
    """A provider of its own: OpenTelemetry's global one is the host's."""

    sinks: list[Sink]
    wait: float
    tracer: Tracer = field(init=False)
    _end: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        named = "OTEL_SERVICE_NAME" in os.environ
        resource = Resource.create({} if named else {SERVICE_NAME: "churon"})
        # always on: whether a host samples its own traces says nothing about runs
        provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
        self._processors = [
            BatchSpanProcessor(sink, _WAITING, _DELAY, _BATCH, 30_000) for sink in self.sinks
        ]
        for processor in self._processors:
            provider.add_span_processor(processor)
        self.tracer = provider.get_tracer("churon")
        # started now: an interpreter that is ending starts no threads
        self._closer = threading.Thread(target=self._close, name="churon-traces", daemon=True)
        self._closer.start()

    def flush(self, seconds: float) -> bool:
        """Send what waits, for at most so long; whether it was done in time."""
        sending = threading.Thread(target=self._send, daemon=True)
        sending.start()
        sending.join(seconds)
        return not sending.is_alive()

    def close(self, seconds: float) -> None:
        """Send what waits, for at most so long, and stop."""
        for sink in self.sinks:
            sink.close_by(time.monotonic() + seconds)
        self._end.set()
        if not self._closer.is_alive():  # in a forked child
            self._close()
        self._closer.join(seconds)

    def _send(self) -> None:
        for processor in self._processors:
            processor.force_flush()

    def _close(self) -> None:
        self._end.wait()
        for processor in self._processors:
            processor.shutdown()  # type: ignore[no-untyped-call]


_pipes: dict[tuple[object, ...], Pipe] = {}
_guard = threading.Lock()


def pipe(settings: Settings, sinks: frozenset[str]) -> Pipe:
    """The pipe to these sinks ("langfuse", "otlp"), made at first use."""
    trace = settings.trace
    headers = tuple((name, value.get_secret_value()) for name, value in trace.headers.items())
    key = (sinks, settings.langfuse, trace.endpoint, headers, trace.timeout, trace.wait)
    with _guard:
        if key not in _pipes:
            made = [langfuse_sink(settings.langfuse)] if "langfuse" in sinks else []
            made += [otlp_sink(trace)] if "otlp" in sinks else []
            _pipes[key] = Pipe(made, trace.wait)
        return _pipes[key]


def flush(seconds: float = 10.0) -> bool:
    """Send what all pipes hold, for at most so long; whether that was done in time."""
    until = time.monotonic() + seconds
    with _guard:
        held = list(_pipes.values())
    done = [one.flush(max(0.0, until - time.monotonic())) for one in held]
    return all(done)


@atexit.register
def close() -> None:
    """End all pipes, each within its `trace.wait`; runs that come later make new ones."""
    with _guard:
        ending = list(_pipes.values())
        _pipes.clear()
    for one in ending:
        one.close(one.wait)
