"""Where spans leave the process; a place that is down costs a run nothing and the log one line."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from churon.tools.addresses import shown
from churon.tools.breaker import CircuitBreaker, CircuitOpen

log = logging.getLogger("churon.tracing")
_CHATTY = (
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "urllib3.connectionpool",
    "httpx",
)
PAUSE = 30.0
"""Seconds for which a place that failed is left alone; spans of that time are dropped."""
After = Callable[[Sequence[ReadableSpan]], None]


class Undelivered(Exception):
    """Spans or scores did not arrive. Internal: becomes the one line in the log."""


class Sink(SpanExporter):
    """An exporter that gives up early, until another try is due."""

    def __init__(self, place: str, exporter: SpanExporter, after: After | None = None) -> None:
        """`after` gets the spans that arrived; it may raise Undelivered."""
        self._place, self._exporter, self._after = place, exporter, after
        self._breaker = CircuitBreaker(lambda error: True, failures=1, pause=PAUSE)
        self._told = False
        self._closing: float | None = None

    def close_by(self, moment: float) -> None:
        """Send nothing more from then on (`time.monotonic`): the process wants to end."""
        self._closing = moment

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Called by OpenTelemetry's own thread."""
        if self._is_over():
            return SpanExportResult.FAILURE
        try:
            with self._breaker.call(), hushed() as said:
                self._send(spans, said)
        except CircuitOpen:
            return SpanExportResult.FAILURE
        except Exception as error:  # whatever it is, tracing must not be what fails
            self._tell(str(error) or type(error).__name__)
            return SpanExportResult.FAILURE
        self._told = False
        return SpanExportResult.SUCCESS

    def _is_over(self) -> bool:
        return self._closing is not None and time.monotonic() > self._closing

    def _send(self, spans: Sequence[ReadableSpan], said: list[str]) -> None:
        if self._exporter.export(spans) is not SpanExportResult.SUCCESS:
            raise Undelivered(said[-1] if said else "refused")
        if self._after is not None:
            self._after(spans)

    def _tell(self, why: str) -> None:
        """Once an outage."""
        if not self._told and not self._is_over():
            self._told = True
            log.warning(
                "traces do not reach %s (%s); answers are unharmed, `churon doctor` says more",
                shown(self._place), shown(why)[:300],
            )  # fmt: skip

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


class _Hush(logging.Filter):
    """Keeps what libraries log of our deliveries; those of the host's own pass."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        said: list[str] | None = getattr(self.heard, "said", None)
        if said is None:
            return True
        said.append(record.getMessage())
        return False


_hush = _Hush()
for _name in _CHATTY:
    logging.getLogger(_name).addFilter(_hush)


@contextmanager
def hushed() -> Iterator[list[str]]:
    """Log records of this thread go into the list instead."""
    _hush.heard.said = said = list[str]()
    try:
        yield said
    finally:
        del _hush.heard.said
