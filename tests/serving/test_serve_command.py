"""`churon serve` as it is typed."""

from __future__ import annotations

import io
import re
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.hashing import HashingEmbeddings
from support.ollama_server import OllamaServer
from support.reader import read
from support.scripted import ScriptedChat

from churon.__main__ import main

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def typed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Typed:
    """Status, stdout and stderr of one command in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["churon", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(""))
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out, err

    return run


def test_a_key_is_printed_with_its_line(typed: Typed) -> None:
    status, out, err = typed("serve", "--new-key", "--tenant", "acme")
    assert (status, err) == (0, "")
    key, _, rest = out.partition("\n")
    assert key.startswith("churon_")
    loaded = tomllib.loads(rest[rest.index("[serve.keys]") :])
    [(name, held)] = loaded["serve"]["keys"].items()
    assert held["tenant"] == "acme" and held["sha256"] not in key
    assert name == f"key-{held['sha256'][:8]}"
    assert "churon ingest PATH --tenant acme" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["serve", "--host", "0.0.0.0"], "serve.host='0.0.0.0' is open to other machines"),
        (["-s", "serve.host=::", "serve"], "no keys are set"),
        (["serve", "--host", "example.invalid"], "no keys are set"),
        (["serve", "--tenant", "acme"], "Add --new-key"),
        (["serve", "--port", "99999"], "--port"),
        (["-s", "serve.port=99999", "serve"], "serve.port='99999' is refused"),
        (["-s", "serve.colour=red", "serve"], "serve.colour"),
        (["-s", 'serve.keys={a = {sha256 = "abc"}}', "serve"], "serve.keys.a.sha256 is refused"),
    ],
)
def test_refusals(typed: Typed, arguments: list[str], words: str) -> None:
    status, out, err = typed(*arguments)
    assert (status, out) == (2, "")
    assert words in err and "Traceback" not in err


def test_a_port_that_is_taken(typed: Typed) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, out, err = typed("serve", "--port", port)
    assert (status, out) == (2, "")
    assert f"127.0.0.1:{port} cannot be listened on" in err and "--port" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("host", ["a..b", "x" * 300])
def test_a_host_that_none_can_be(typed: Typed, host: str) -> None:
    key = 'serve.keys={kim = {sha256 = "' + "0" * 64 + '"}}'
    status, out, err = typed("-s", key, "serve", "--host", host, "--port", "0")
    assert (status, out) == (2, "")
    assert f"{host}:0 cannot be listened on: " in err and "--host" in err


def test_keys_without_tenants_are_refused_where_tenants_are_apart(typed: Typed) -> None:
    key = 'serve.keys={kim = {sha256 = "' + "0" * 64 + '"}}'
    status, _, err = typed("-s", key, "-s", "store.tenancy=true", "serve", "--port", "0")
    assert status == 2 and "serve.keys.kim has no tenant" in err


def test_missing_packages_are_named(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("churon.cli.serve._NEEDED", ("fastapi", "not_installed_here"))
    status, _, err = typed("serve")
    assert status == 1
    assert "needs not_installed_here. pip install 'churon[serve]'" in err


@pytest.mark.server
def test_the_whole_way_from_documents_to_an_answer(tmp_path: Path) -> None:
    """Models behind a socket, a store in a file, keys of two tenants, one server."""
    chat = ScriptedChat(script=read, calls=[])
    with OllamaServer(chat, HashingEmbeddings(512)) as models:
        options = ["--preset", "ollama", "-s", "store.uri=m.db", "-s", "store.tenancy=true"]
        for part in ("chat", "embedding"):
            options += ["-s", f"{part}.base_url={models.url}", "-s", f"{part}.model=double"]
        keys, lines = {}, ["[serve.keys]"]
        for tenant, hour in (("north", "07:30"), ("south", "19:45")):
            (tmp_path / f"{tenant}.md").write_text(f"The ferry leaves at {hour}.\n", "utf-8")
            churon(tmp_path, *options, "ingest", f"{tenant}.md", "--tenant", tenant)
            told = churon(tmp_path, "serve", "--new-key", "--tenant", tenant)
            keys[tenant] = told.split()[0]
            lines.append(told.strip().splitlines()[-1])
        (tmp_path / "churon.toml").write_text("\n".join(lines), "utf-8")
        command = [sys.executable, "-m", "churon", *options, "serve", "--port", "0"]
        with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
            try:
                assert process.stderr is not None
                found = re.search(r"http://\S+", process.stderr.readline())
                assert found
                for tenant, hour in (("north", "07:30"), ("south", "19:45")):
                    answer = _asked(found[0], keys[tenant])
                    assert hour in answer["choices"][0]["message"]["content"]
                ready = httpx.get(f"{found[0]}/readyz", timeout=30)
            finally:
                process.terminate()
                err = process.communicate(timeout=30)[1]
    assert (ready.status_code, process.returncode) == (200, 0)
    assert "Traceback" not in err and keys["north"] not in err


def churon(folder: Path, *arguments: str) -> str:
    """What one command prints."""
    command = [sys.executable, "-m", "churon", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def _asked(url: str, key: str) -> Any:
    body = {
        "model": "two_stage",
        "messages": [{"role": "user", "content": "When does the ferry leave?"}],
    }
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx.post(f"{url}/v1/chat/completions", json=body, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()
