"""`churon mcp`: a process of its own that speaks over stdin and stdout."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from support.ferry import QUESTION
from support.hashing import HashingEmbeddings
from support.mcp_clients import data, failed
from support.ollama_server import OllamaServer
from support.reader import read
from support.scripted import ScriptedChat

from churon.__main__ import main

SCRIPT = Path(__file__).resolve().parents[1] / "support" / "mcp_world.py"
server = pytest.mark.server
OPENING = [
    {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    },
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {
        "jsonrpc": "2.0", "id": 2, "method": "tools/call",
        "params": {"name": "ask", "arguments": {"question": QUESTION, "graph": "self_rag"}},
    },
]  # fmt: skip


def process(seconds: float = 0.0) -> subprocess.Popen[str]:
    """The scripted world; a model call takes this long."""
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(seconds)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def send(world: subprocess.Popen[str], *messages: Any) -> None:
    """Lines onto its stdin."""
    assert world.stdin is not None
    world.stdin.write("".join(f"{json.dumps(one)}\n" for one in messages))
    world.stdin.flush()


def test_stdout_carries_the_protocol_alone() -> None:
    with process() as world:
        send(world, *OPENING)
        assert world.stdout is not None
        lines = [world.stdout.readline(), world.stdout.readline()]
        rest, err = world.communicate(timeout=20)
    answers = [json.loads(line) for line in lines]
    assert [one["id"] for one in answers] == [1, 2] and rest == ""
    assert "07:30" in answers[1]["result"]["structuredContent"]["answer"]
    assert "printed by a library" in err and "written by another" in err
    assert world.returncode == 0 and err.endswith("closed\n") and "Traceback" not in err


@server
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, None])
def test_it_ends_within_a_second_whoever_ends_it(sign: signal.Signals | None) -> None:
    with process(60.0) as world:
        send(world, *OPENING)
        assert world.stdout is not None and world.stdin is not None
        assert world.stdout.readline()
        time.sleep(1)
        began = time.monotonic()
        if sign:
            world.send_signal(sign)
        else:
            world.stdin.close()
        assert world.wait(10) == 0
        took = time.monotonic() - began
        assert world.stderr is not None
        err = world.stderr.read()
    assert took < 3 and err.endswith("closed\n") and "Traceback" not in err


@server
async def test_cancelling_lets_it_go_on() -> None:
    with process(60.0) as world:
        send(world, *OPENING)
        assert world.stdout is not None
        await asyncio.to_thread(world.stdout.readline)
        await asyncio.sleep(1)
        cancel = {"requestId": 2, "reason": "enough"}
        search = {"name": "search", "arguments": {"query": QUESTION}}
        send(
            world,
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancel},
            {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": search},
        )
        answer = json.loads(await asyncio.to_thread(world.stdout.readline))
        world.communicate(timeout=10)
    assert answer["id"] == 3 and answer["result"]["structuredContent"]["passages"]


def test_what_it_needs_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("churon.cli.mcp._NEEDED", ("mcp", "not_installed_here"))
    monkeypatch.setattr(sys, "argv", ["churon", "mcp"])
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 1
    assert "pip install 'churon[mcp]'" in sys.stderr.getvalue()  # type: ignore[attr-defined]


@server
async def test_the_whole_way_from_documents_to_an_answer(tmp_path: Path) -> None:
    """Models behind a socket, a store of two tenants, the command as a client starts it."""
    chat = ScriptedChat(script=read, calls=[])
    with OllamaServer(chat, HashingEmbeddings(512)) as models:
        options = ["--preset", "ollama", "-s", "store.uri=m.db", "-s", "store.tenancy=true"]
        for part in ("chat", "embedding"):
            options += ["-s", f"{part}.base_url={models.url}", "-s", f"{part}.model=double"]
        for tenant, hour in (("north", "07:30"), ("south", "19:45")):
            folder = tmp_path / tenant
            folder.mkdir()
            (folder / "en.md").write_text(f"The ferry leaves at {hour}.\n", "utf-8")
            (folder / "ko.md").write_text(f"여객선은 {hour}에 출발한다.\n", "utf-8")
            ingest = [*options, "ingest", tenant, "--tenant", tenant]
            await asyncio.to_thread(_churon, tmp_path, *ingest)
        command = ["-m", "churon", *options, "mcp", "--tenant", "south"]
        wanted = StdioServerParameters(command=sys.executable, args=command, cwd=tmp_path)
        with (tmp_path / "err").open("w+") as errors:
            async with Client(stdio_client(wanted, errlog=errors)) as client:
                for question in ("When does the ferry leave?", "여객선은 언제 출발하는가?"):
                    asked = {"question": question, "graph": "self_rag"}
                    answer = data(await client.call_tool("ask", asked))
                    assert "19:45" in answer["answer"] and "07:30" not in str(answer)
                found = answer["sources"][0]["id"]
                source = data(await client.call_tool("get_source", {"id": found}))
                unknown = await client.call_tool("get_source", {"id": "x"})
            errors.seek(0)
            assert "Traceback" not in errors.read()
    assert answer["language"] == "ko" and source["passage"]["document"].endswith("south/ko.md")
    assert "no source with the id 'x'" in failed(unknown)


def _churon(folder: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "churon", *arguments], cwd=folder, check=True)
