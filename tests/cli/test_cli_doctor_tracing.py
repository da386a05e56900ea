"""What the doctor says of Langfuse and of collectors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.collector import KEYS, Collector, collector

Look = Callable[..., dict[str, dict[str, str]]]


@pytest.fixture
def collected() -> Iterator[Collector]:
    with collector() as running:
        yield running


@pytest.fixture
def look(served: Callable[..., Any]) -> Look:
    """Findings by check."""

    def run(*sets: str) -> dict[str, dict[str, str]]:
        options = [part for one in sets for part in ("-s", one)]
        outcome = served(*options, "doctor", "--json")
        assert outcome.err == ""
        return {f["check"]: f for f in json.loads(outcome.out)["findings"]}

    return run


def langfuse(host: str, secret: str = KEYS["secret_key"]) -> list[str]:
    given = {"host": host, "public_key": KEYS["public_key"], "secret_key": secret}
    return [f"langfuse.{name}={value}" for name, value in given.items()]


def test_off_is_well(look: Look) -> None:
    findings = look()
    assert findings["tracing"] == {
        "level": "ok", "check": "tracing", "message": "Langfuse is off", "remedy": "",
    }  # fmt: skip
    assert "collector" not in findings


def test_half_a_pair_of_keys(look: Look) -> None:
    finding = look("langfuse.public_key=pk")["tracing"]
    assert (finding["level"], "langfuse.secret_key" in finding["remedy"]) == ("warning", True)


def test_keys_are_tried_at_the_server(look: Look, collected: Collector) -> None:
    good = look(*langfuse(collected.url))["tracing"]
    assert (good["level"], good["remedy"]) == ("ok", "")
    wrong = look(*langfuse(collected.url, "sk-of-another-project"))["tracing"]
    assert wrong["level"] == "error" and "refuses" in wrong["message"]
    assert "sk-of-another-project" not in str(wrong)
    assert "langfuse.host" in wrong["remedy"]
    collected.status = 500
    assert "status 500" in look(*langfuse(collected.url))["tracing"]["message"]
    gone = look(*langfuse("http://me:word@127.0.0.1:9"))["tracing"]
    assert gone["level"] == "error" and "does not answer" in gone["message"]
    assert "word" not in str(gone)


def test_a_collector_is_given_no_spans(look: Look, collected: Collector) -> None:
    endpoint = f"trace.endpoint={collected.url}/v1/traces"
    assert look(endpoint, 'trace.headers={"x-key" = "k"}')["collector"]["level"] == "ok"
    assert collected.paths == ["/v1/traces"] and collected.headers[0]["x-key"] == "k"
    lost = look(f"trace.endpoint={collected.url}/v2")["collector"]
    assert lost["level"] == "error" and "404" in lost["message"] and "/v1/traces" in lost["remedy"]
    gone = look("trace.endpoint=http://127.0.0.1:9/v1/traces", "trace.timeout=1")["collector"]
    assert gone["level"] == "error"


def test_a_collector_by_variables(
    look: Look, collected: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collected.url)
    finding = look("trace.otlp=true")["collector"]
    assert finding["level"] == "ok" and finding["message"].startswith(f"{collected.url}/v1/traces")
