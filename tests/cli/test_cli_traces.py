"""`churon ask` and `churon chat` leave their traces before the process ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.collector import Collector, collector

from churon.tools.tracing import pipe

Served = Callable[..., Any]


@pytest.fixture
def collected() -> Iterator[Collector]:
    with collector() as running:
        yield running
        pipe.close()


@pytest.fixture
def flags(collected: Collector) -> list[str]:
    """Options that trace to the collector."""
    return [
        x for key, value in collected.langfuse.items() for x in ("-s", f"langfuse.{key}={value}")
    ]


def test_ask(served: Served, collected: Collector, flags: list[str]) -> None:
    served("ingest", "docs")
    outcome = served(*flags, "ask", "--json", "--graph", "two_stage", "Who signs the report?")
    assert outcome.status == 0 and outcome.err == ""
    pipe.close()  # as the interpreter does when it ends
    root = collected.tree()
    assert root.name == "two_stage" and "preset:ollama" in root.attributes["langfuse.trace.tags"]
    [call] = [span for span in root.walk() if span.type == "generation"]
    assert call.attributes["langfuse.observation.model.name"] == "double"


def test_a_conversation_is_a_session(
    served: Served, collected: Collector, flags: list[str]
) -> None:
    served("ingest", "docs")
    lines = "Who signs the report?\nWho signs the blue book?\n"
    outcome = served(*flags, "chat", "--thread", "monday", "--graph", "two_stage", lines=lines)
    assert outcome.status == 0
    pipe.close()
    trees = collected.trees()
    assert [tree.attributes["session.id"] for tree in trees] == ["monday", "monday"]
