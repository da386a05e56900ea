"""Any OpenTelemetry collector, by settings or by OpenTelemetry's own variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from support.collector import Collector
from support.ferry import QUESTION

from churon.graphs.registry import build_graph
from churon.tools.tracing import attributes, pipe

Traced = Callable[..., Any]


async def run(toolkit: Any) -> None:
    await build_graph("self_rag", toolkit).ainvoke({"question": QUESTION})


async def test_by_settings(collected: Collector, traced: Traced, sent: Any) -> None:
    await run(traced(trace=collected.otlp))
    root = sent()
    assert root.find("retrieval", "retrieval", "grade", "ScriptedChat")
    assert root.attributes["churon.score.support"] == pytest.approx(0.925)
    assert root.resource["service.name"] == "churon"
    assert set(collected.paths) == {"/v1/traces"} and collected.scores == []
    assert {one["x-key"] for one in collected.headers} == {"let-me-in"}


async def test_by_variables(
    collected: Collector, traced: Traced, sent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collected.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=from-a-variable")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "harbour")
    await run(traced())
    assert pipe.flush(5) and collected.paths == []  # a variable alone, which others read too
    await run(traced(trace={"otlp": True}))
    assert sent().resource["service.name"] == "harbour"
    assert collected.headers[0]["x-key"] == "from-a-variable"


@pytest.mark.parametrize(
    "variable", ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"]
)
async def test_langfuse_gets_no_headers_of_a_collector(
    collected: Collector, traced: Traced, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    secret = "x-other=collector-word,user-agent=collector-word,authorization=collector-word"
    monkeypatch.setenv(variable, secret)
    await run(traced(langfuse=collected.langfuse, trace=collected.otlp))
    assert pipe.flush(10) and len(collected.trees()) == 1 and collected.scores
    collector = [one for one in collected.headers if "x-key" in one]
    langfuse = [one for one in collected.headers if "x-key" not in one]
    assert "collector-word" not in str(langfuse) and len(langfuse) > 1
    assert all(one["authorization"].startswith("Basic ") for one in langfuse)
    # those of the settings and of the variable add up
    assert {(one["x-key"], one["x-other"]) for one in collector} == {
        ("let-me-in", "collector-word")
    }


async def test_both_places_get_the_same_spans(collected: Collector, traced: Traced) -> None:
    await run(traced(langfuse=collected.langfuse, trace=collected.otlp))
    assert pipe.flush(10)
    assert {"/v1/traces", "/api/public/otel/v1/traces"} < set(collected.paths)
    ids = [span.id for span in collected.spans]
    assert len(ids) == 2 * len(set(ids)) and len(collected.trees()) == 1


async def test_one_place_that_is_down_does_not_keep_spans_from_the_other(
    collected: Collector, traced: Traced, sent: Any, said: Any
) -> None:
    await run(
        traced(langfuse=collected.langfuse, trace={"endpoint": "http://127.0.0.1:9", "timeout": 1})
    )
    assert sent().name == "self_rag" and len(said()) == 1


async def test_a_host_with_langfuse_still_gets_what_it_asked_the_collector_for(
    collected: Collector, traced: Traced, sent: Any
) -> None:
    their = type("Handler", (BaseCallbackHandler,), {"__module__": "langfuse.langchain"})
    machine = build_graph("two_stage", traced(langfuse=collected.langfuse, trace=collected.otlp))
    await machine.ainvoke({"question": QUESTION}, {"callbacks": [their()]})
    assert sent().name == "two_stage" and set(collected.paths) == {"/v1/traces"}


def test_langfuse_reads_the_names_that_we_write() -> None:
    theirs = pytest.importorskip("langfuse._client.attributes").LangfuseOtelSpanAttributes
    known = {value for name, value in vars(theirs).items() if name.isupper()}
    ours = {
        attributes.TYPE, attributes.INPUT, attributes.OUTPUT, attributes.LEVEL, attributes.MODEL,
        attributes.STATUS_MESSAGE, attributes.PARAMETERS, attributes.USAGE, attributes.FIRST_TOKEN,
        attributes.APP_ROOT, attributes.TRACE_NAME, attributes.TRACE_TAGS, attributes.ENVIRONMENT,
        attributes.SESSION, attributes.USER, attributes.TRACE_METADATA.rstrip("."),
        attributes.STEP.removesuffix(".step"), attributes.PROMPT.removesuffix(".prompt"),
    }  # fmt: skip
    assert ours <= known
