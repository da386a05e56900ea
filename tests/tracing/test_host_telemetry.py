"""A host's own OpenTelemetry: nothing of it is changed, and a run joins the span around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import format_span_id, format_trace_id
from support.collector import Collector
from support.ferry import QUESTION, model

from churon.graphs.registry import build_graph

Traced = Callable[..., Any]


async def test_the_global_provider_stays_as_it_was(
    collected: Collector, traced: Traced, sent: Any
) -> None:
    before = trace.get_tracer_provider()
    machine = build_graph("two_stage", traced(langfuse=collected.langfuse))
    await machine.ainvoke({"question": QUESTION})
    assert sent() and trace.get_tracer_provider() is before


async def test_a_run_joins_the_hosts_trace_and_leaves_its_spans_alone(
    collected: Collector, traced: Traced, sent: Any
) -> None:
    memory, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("host")

    def answer(step: str, prompt: str) -> Any:
        tracer.start_span("http call").end()  # as an instrumented client makes it
        return model()(step, prompt)

    machine = build_graph("two_stage", traced(answer, langfuse=collected.langfuse))
    with tracer.start_as_current_span("request") as request:
        async for _ in machine.astream({"question": QUESTION}):
            assert trace.get_current_span() is request
    around = request.get_span_context()
    root = sent()
    assert (root.trace, root.parent) == (
        format_trace_id(around.trace_id), format_span_id(around.span_id),
    )  # fmt: skip
    theirs = memory.get_finished_spans()
    assert {span.name for span in theirs} == {"http call", "request"}
    inner = [span for span in theirs if span.name == "http call"]
    assert all(span.parent and span.parent.span_id == around.span_id for span in inner)


async def test_a_host_that_samples_nothing_does_not_silence_runs(
    collected: Collector, traced: Traced, sent: Any
) -> None:
    tracer = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False).get_tracer("host")
    with tracer.start_as_current_span("request"):
        machine = build_graph("two_stage", traced(langfuse=collected.langfuse))
        await machine.ainvoke({"question": QUESTION})
    assert sent().parent == ""
