"""Prometheus metrics of one app, in a registry of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from churon.serving.visit import Visit
from churon.tools.types import Usage

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600)


class Metrics:
    """Counts what passes the gate and what runs spend."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = self._counter("requests", "Requests.", "door", "graph", "status")
        self._seconds = Histogram(
            "churon_request_seconds", "Seconds of a request.", ("door", "graph"),
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self._answers = self._counter("answers", "Runs that ended, by outcome.", "graph", "status")
        self._spent = {
            "calls": self._counter("model_calls", "Language-model calls.", "graph"),
            "tokens": self._counter("tokens", "Prompt and generated tokens.", "graph"),
            "searches": self._counter("searches", "Searches.", "graph"),
            "cache_hits": self._counter("cache_hits", "Calls answered from a cache.", "graph"),
        }
        self._degraded = self._counter("degraded", "Fallbacks that runs used.", "graph", "what")

    def visited(self, visit: Visit) -> None:
        """One request is over."""
        self._requests.labels(visit.door, visit.graph, str(visit.status)).inc()
        self._seconds.labels(visit.door, visit.graph).observe(visit.seconds)

    def spent(self, graph: str, usage: Usage) -> None:
        """What one run cost, whether it ended or not."""
        amounts: Mapping[str, Any] = usage
        for name, counter in self._spent.items():
            counter.labels(graph).inc(amounts[name])

    def answered(self, graph: str, output: Mapping[str, Any]) -> None:
        """How one run ended."""
        self._answers.labels(graph, output["status"]).inc()
        for what in output["degraded"]:
            # numbers within names would make a time series each
            self._degraded.labels(graph, re.sub(r"\d+", "n", what)).inc()

    def watch(self, runs: Callable[[], int], hit_rate: Callable[[], float | None]) -> None:
        """Read these two whenever the metrics are read; None leaves the rate out."""
        gauge = Gauge("churon_runs_in_flight", "Runs under way.", registry=self.registry)
        gauge.set_function(runs)
        self.registry.register(_HitRate(hit_rate))

    def text(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"churon_{name}", what, labels, registry=self.registry)


class _HitRate(Collector):
    def __init__(self, hit_rate: Callable[[], float | None]) -> None:
        self._hit_rate = hit_rate

    def collect(self) -> Iterable[Metric]:
        rate = self._hit_rate()
        if rate is not None:
            name, what = "churon_rerank_cache_hit_ratio", "Pairs that were scored before."
            yield GaugeMetricFamily(name, what, value=rate)
