"""Runs of LangGraph's own server as traces."""

from __future__ import annotations

import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from langgraph_sdk import get_sync_client
from support.collector import KEYS, collector
from support.dev_server import dev_server
from support.ferry import QUESTION

pytestmark = pytest.mark.server


def test_a_run_is_one_trace_of_its_thread(tmp_path: Path) -> None:
    for package, extra in (("langgraph_api", "studio"), ("milvus_lite", "embedded")):
        if find_spec(package) is None:
            pytest.skip(f"the extra `{extra}` is not installed: pip install -e '.[{extra}]'")
    with collector() as collected:
        keys = {f"CHURON_LANGFUSE__{name.upper()}": value for name, value in KEYS.items()}
        more = {**keys, "CHURON_LANGFUSE__HOST": collected.url}
        with (
            dev_server(tmp_path, **more) as server,
            get_sync_client(url=server.url, api_key=None) as client,
        ):
            thread = client.threads.create()["thread_id"]
            asked: Any = {"question": QUESTION}
            client.runs.wait(thread, "self_rag", input=asked, context={"tenant": "aren"})
            for _ in range(50):
                if collected.scores:
                    break
                time.sleep(0.1)
            root = collected.tree()
            assert root.name == "self_rag" and root.attributes["session.id"] == thread
            assert root.find("retrieval", "retrieval", "search", "milvus")
            grades = root.find("retrieval", "retrieval", "grade")
            assert {one.type for grade in grades for one in grade.children} == {"generation"}
            assert "Blocking call" not in server.log and "BlockingError" not in server.log
            assert "not traced" not in server.log and server.calls_outside == []
