"""What Studio shows before anything runs: assistants, forms, drawings; and the CLI's own checks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from langgraph_sdk.client import SyncLangGraphClient
from support.dev_server import QUIET, ROOT, DevServer
from support.ferry import QUESTION

from churon.graphs.registry import CHAT, GRAPHS

pytestmark = pytest.mark.server
SERVED = (*GRAPHS, CHAT)


def of(client: SyncLangGraphClient, name: str) -> str:
    """The id of a graph's own assistant."""
    [one] = client.assistants.search(graph_id=name, metadata={"created_by": "system"})
    return one["assistant_id"]


def properties(schema: Any) -> dict[str, Any]:
    """The fields of a form."""
    fields: dict[str, Any] = schema["properties"]
    return fields


def test_every_graph_has_its_assistant(client: SyncLangGraphClient) -> None:
    found = client.assistants.search(metadata={"created_by": "system"}, limit=20)
    assert {one["graph_id"] for one in found} == set(SERVED)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_shows_forms_for_what_it_takes_and_gives(
    client: SyncLangGraphClient, name: str
) -> None:
    schemas = client.assistants.get_schemas(of(client, name))
    asked = properties(schemas["input_schema"])
    assert set(asked) == {"question", "history", "language", "filter"}
    assert asked["language"]["enum"] == ["auto", "en", "ko"]
    assert "oldest first" in asked["history"]["description"]
    given = properties(schemas["output_schema"])
    assert {"answer", "status", "claims", "evidence", "usage", "missing"} <= set(given)
    assert "used_by" in given["evidence"]["description"]


def test_the_chat_shows_messages(client: SyncLangGraphClient) -> None:
    schemas = client.assistants.get_schemas(of(client, "chat"))
    assert set(properties(schemas["input_schema"])) == {"messages", "language", "filter"}
    assert set(properties(schemas["output_schema"])) == {"messages"}
    assert properties(schemas["state_schema"])["messages"]["type"] == "array"


@pytest.mark.parametrize("name", SERVED)
def test_every_knob_of_a_run_is_a_described_and_bounded_field(
    client: SyncLangGraphClient, name: str
) -> None:
    schema: Any = client.assistants.get_schemas(of(client, name))["context_schema"]
    fields = properties(schema)
    assert schema["additionalProperties"] is False and len(fields) > 40
    assert [key for key, one in fields.items() if not one.get("description")] == []
    assert (fields["k1"]["minimum"], fields["k1"]["maximum"], fields["k1"]["default"]) == (
        1,
        200,
        20,
    )
    assert fields["profile"]["enum"] == ["lite", "standard", "deep"]
    calls = schema["$defs"]["Limits"]["properties"]["calls"]
    assert (calls["title"], calls["minimum"], calls["default"]) == ("Calls", 1, 80)


@pytest.mark.parametrize("name", SERVED)
def test_graphs_are_drawn_with_what_is_inside(client: SyncLangGraphClient, name: str) -> None:
    outside: Any = client.assistants.get_graph(of(client, name))
    inside: Any = client.assistants.get_graph(of(client, name), xray=True)
    assert len(inside["nodes"]) > len(outside["nodes"])
    joined = {edge[end] for edge in outside["edges"] for end in ("source", "target")}
    assert {node["id"] for node in outside["nodes"]} == joined  # none stands alone


def test_the_graphs_inside_are_listed(client: SyncLangGraphClient) -> None:
    assert set(client.assistants.get_subgraphs(of(client, "chat"))) == set(GRAPHS)


def test_an_assistant_keeps_its_context(client: SyncLangGraphClient) -> None:
    made = client.assistants.create(
        "chat", name="quick", context={"tenant": "vesk", "chat_graph": "two_stage"}
    )
    asked: Any = {"messages": [{"role": "user", "content": QUESTION}]}
    try:
        output: Any = client.runs.wait(None, made["assistant_id"], input=asked)
        better: Any = {"tenant": "aren", "chat_graph": "self_rag"}
        changed = client.assistants.update(made["assistant_id"], context=better)
        assert changed["version"] == 2
        again: Any = client.runs.wait(None, made["assistant_id"], input=asked)
    finally:
        client.assistants.delete(made["assistant_id"])
    first, second = (one["messages"][-1] for one in (output, again))
    assert first["content"] == "The Lumen leaves at 09:15. [1]"
    assert first["response_metadata"]["usage"]["calls"] == 1
    assert second["content"] == "The Lumen leaves at 07:30. [1]"
    assert second["response_metadata"]["status"] == "grounded"


def test_a_knob_out_of_range_is_refused_by_name(client: SyncLangGraphClient) -> None:
    output: Any = client.runs.wait(
        None, "two_stage", input={"question": QUESTION}, context={"k1": 0}, raise_error=False
    )
    assert output["__error__"]["error"] == "SettingsError"
    assert "k1=0 is refused" in output["__error__"]["message"]


def test_an_unknown_graph_is_refused(client: SyncLangGraphClient) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="422"):
        client.runs.wait(None, "nonsense", input={"question": QUESTION})


@pytest.mark.parametrize("command", ["validate", "dockerfile"])
def test_the_servers_file_passes_the_clis_own_checks(
    server: DevServer, command: str, tmp_path: Path
) -> None:
    target = [str(tmp_path / "Dockerfile")] if command == "dockerfile" else []
    ran = subprocess.run(
        [sys.executable, "-m", "langgraph_cli", command, *target, "-c", "langgraph.json"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        env={**server.environment, **QUIET},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    if command == "dockerfile":
        written = (tmp_path / "Dockerfile").read_text("utf-8")
        assert all(f"churon.graphs.{name}:graph" in written for name in SERVED)
