"""`churon chat`: a conversation in the terminal, kept in SQLite by thread."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from churon.cli.ask import show_run
from churon.graphs.contract import RagInput
from churon.graphs.machine import RagGraph
from churon.graphs.registry import build_graph
from churon.tools.errors import ChuronError
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit
from churon.tools.types import Turn

_LEAVE = {"/exit", "/quit", "/q"}


async def run(
    settings: Settings, graph: str, thread: str, database: Path, tenant: str | None
) -> int:
    """Read questions until end of input; a question that fails does not end the conversation."""
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    database.parent.mkdir(parents=True, exist_ok=True)
    console = Console(highlight=False)
    config = {"configurable": {"thread_id": thread}}
    async with (
        AsyncSqliteSaver.from_conn_string(str(database)) as saver,
        Toolkit(settings) as toolkit,
    ):
        machine = build_graph(graph, toolkit, checkpointer=saver)
        turns = await earlier(machine, config)
        console.print(Text(f"thread {thread!r}, {len(turns) // 2} earlier questions; /exit leaves"))
        while (question := await _read(console)) is not None:
            if not question:
                continue
            asked = RagInput(question=question, history=turns)
            context = {"tenant": tenant} if tenant else None
            try:
                output = await show_run(console, asked, machine, toolkit, context, config)
            except ChuronError as error:
                console.print(Text(str(error), style="red"))
                continue
            turns = [*turns, _turn("user", question), _turn("assistant", output["answer"])]
    return 0


async def earlier(machine: RagGraph, config: Any) -> list[Turn]:
    """The thread's turns, from its latest checkpoint; a run that was cut off left no answer."""
    values = (await machine.aget_state(config)).values
    history: list[Turn] = values.get("history") or []
    if not values.get("answer"):
        return history
    return [*history, _turn("user", values["question"]), _turn("assistant", values["answer"])]


def _turn(role: Any, content: str) -> Turn:
    return Turn(role=role, content=content)


async def _read(console: Console) -> str | None:
    try:
        line = await asyncio.to_thread(console.input, "\n[bold]> [/bold]")
    except EOFError:
        return None
    return None if line.strip() in _LEAVE else line.strip()
