"""What files, models and servers name must not steer the terminal, nor a folder run code."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import ormsgpack
import pytest
from langgraph.checkpoint.serde.jsonplus import EXT_CONSTRUCTOR_POS_ARGS
from langgraph.checkpoint.sqlite import SqliteSaver

from churon.cli.common import print_json, visible

ESC, CSI, TURN = "\x1b", "\x9b", "\u202e"


def churon(folder: Path, *arguments: str, lines: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "churon", *arguments],
        cwd=folder, input=lines, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_an_error_shows_no_escape(tmp_path: Path) -> None:
    (tmp_path / "churon.toml").write_text(f'"{ESC}[2Jtrap" = 1\n'.replace(ESC, "\\u001b"))
    done = churon(tmp_path, "config")
    assert done.returncode == 2 and "trap" in done.stderr and ESC not in done.stderr


def test_the_order_of_letters_is_not_turned_round() -> None:
    assert visible(f"{TURN}000,01 won{CSI}2J") == "�000,01 won�2J"


def test_json_is_what_it_was_and_steers_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"answer": f"{TURN}000,01{CSI}2J 파도호"}
    print_json(value)
    said = capsys.readouterr().out
    assert json.loads(said) == value and "파도호" in said
    assert TURN not in said and CSI not in said


def test_a_folders_conversations_run_no_code(tmp_path: Path) -> None:
    database, made = tmp_path / ".churon" / "chat.db", tmp_path / "ran"
    database.parent.mkdir()
    with SqliteSaver.from_conn_string(str(database)) as saver:
        saver.setup()
    call = ormsgpack.packb(("os", "mkdir", (str(made),)))
    checkpoint = {
        "v": 4, "ts": "2026-01-01T00:00:00+00:00", "id": "1f000000-0000-6000-8000-000000000000",
        "channel_values": {
            "question": ormsgpack.Ext(EXT_CONSTRUCTOR_POS_ARGS, call), "answer": "", "history": [],
        },
        "channel_versions": {}, "versions_seen": {}, "updated_channels": None,
    }  # fmt: skip
    row = ("default", "", checkpoint["id"], "msgpack", ormsgpack.packb(checkpoint), b'{"step": 1}')
    with sqlite3.connect(database) as held:
        names = "thread_id, checkpoint_ns, checkpoint_id, type, checkpoint, metadata"
        held.execute(f"INSERT INTO checkpoints ({names}) VALUES (?,?,?,?,?,?)", row)
    held.close()
    churon(tmp_path, "chat", lines="/exit\n")
    assert not made.exists()
