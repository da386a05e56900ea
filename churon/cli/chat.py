"""`churon chat`: a conversation in the terminal, kept in SQLite by thread."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from churon.api import answering
from churon.cli.ask import show_run
from churon.cli.common import visible
from churon.cli.tenant import check_tenant
from churon.graphs.contract import RagInput, RagOutput
from churon.graphs.machine import RagGraph
from churon.graphs.registry import build_graph
from churon.tools.errors import ChuronError, InputError
from churon.tools.private import private_file
from churon.tools.setting_values import home_path
from churon.tools.settings import Settings
from churon.tools.toolkit import Toolkit
from churon.tools.types import Turn

_NO_COMMAND = "/exit leaves; there is no other command. /exit로 끝냅니다. 다른 명령은 없습니다.\n"
_LEAVE = {"/exit", "/quit", "/q"}


def run(settings: Settings, graph: str, thread: str, database: Path, tenant: str | None) -> int:
    """Read questions until end of input; a question that fails does not end the conversation.

    Ctrl-C stops an answer; at the prompt it leaves. Raises InputError for an unknown graph and for
    an unusable database.
    """
    graph = answering(graph)
    context = {"tenant": tenant} if tenant else None
    # The prompt is read outside the event loop: there, Ctrl-C interrupts it at once
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            talk = runner.run(Talk.begin(stack, settings, graph, thread, database, context))
            for question in questions():
                try:
                    runner.run(talk.answer(question))
                except KeyboardInterrupt:
                    talk.console.print(Text("\nstopped", style="yellow"))
        finally:
            runner.run(stack.aclose())
    return 0


def questions() -> Iterator[str]:
    """Lines of standard input, until its end or /exit. Raises InputError where it is not text."""
    with suppress(ImportError):  # arrow keys and line history, where the platform has them
        import readline  # noqa: F401
    prompt = "> " if sys.stdin.isatty() else ""
    while True:
        if prompt:
            sys.stdout.write("\n")
        try:
            line = input(prompt).strip()
        except EOFError:
            return
        except UnicodeDecodeError as error:
            raise InputError("The input is not UTF-8 text.", remedy="Convert it.") from error
        if line in _LEAVE:
            return
        if re.fullmatch(r"/\w*", line):
            sys.stdout.write(_NO_COMMAND)
        elif line:
            yield line


@dataclass
class Talk:
    """One thread of the conversation, with what it holds open."""

    machine: RagGraph
    graph: str
    database: Path
    toolkit: Toolkit
    console: Console
    config: dict[str, Any]
    context: dict[str, Any] | None
    turns: list[Turn]

    @classmethod
    async def begin(
        cls,
        stack: AsyncExitStack,
        settings: Settings,
        graph: str,
        thread: str,
        database: Path,
        context: dict[str, Any] | None,
    ) -> Talk:
        """Open the thread and say how long it is. Raises StoreError, InputError."""
        config = {"configurable": {"thread_id": thread}}
        console = Console(highlight=False)
        saver = await opened(home_path(database, "--database"), stack)
        toolkit = await stack.enter_async_context(Toolkit(settings))
        await check_tenant(toolkit, context)
        machine = build_graph(graph, toolkit, checkpointer=saver)
        turns = await earlier(machine, config, database)
        n = len(turns) // 2
        many = "question" if n == 1 else "questions"
        console.print(Text(f"thread {thread!r}, {n} earlier {many}; /exit leaves"))
        return cls(machine, graph, database, toolkit, console, config, context, turns)

    async def answer(self, question: str) -> None:
        """Show one run; its question and answer become part of the conversation."""
        asked = RagInput(question=question, history=self.turns)
        try:
            output = await self._shown(asked)
        except ChuronError as error:
            self._warn(error)
            return
        said = [_turn("user", question), _turn("assistant", output["answer"])]
        self.turns = [*self.turns, *said]

    async def _shown(self, asked: RagInput) -> RagOutput:
        """Without the database where that fails: the next run that it takes keeps all turns."""
        shown = partial(show_run, self.console, asked)
        try:
            return await shown(self.machine, self.toolkit, self.context, self.config)
        except sqlite3.Error as error:
            what = f"This answer is not kept yet: {str(self.database)!r} fails: {error}."
            remedy = "End other programs that use the file, or free space on its disk."
            self._warn(InputError(what, remedy=remedy))
        return await shown(self.graph, self.toolkit, self.context)

    def _warn(self, error: ChuronError) -> None:
        self.console.print(Text(visible(str(error)), style="red"))


async def opened(database: Path, stack: AsyncExitStack) -> Any:
    """The checkpointer on this SQLite file. Raises InputError where it cannot be used."""
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    try:
        if str(database) != ":memory:":  # SQLite's own name for no file
            await asyncio.to_thread(private_file, database)
        saver = AsyncSqliteSaver.from_conn_string(str(database))
        held = await stack.enter_async_context(saver)
        # a folder may come with a file of its own, and more than plain data could run code
        held.serde = JsonPlusSerializer(allowed_msgpack_modules=None)
        await held.setup()
    except (OSError, sqlite3.Error) as error:
        raise InputError(
            f"The conversations {str(database)!r} cannot be opened: {error}.",
            remedy="Name another file with --database.",
        ) from error
    return held


async def earlier(machine: RagGraph, config: Any, database: Path) -> list[Turn]:
    """The thread's turns, from its latest checkpoint; a run that was cut off left no answer. Raises
    InputError where it cannot be read.
    """
    try:
        values = (await machine.aget_state(config)).values
    except Exception as error:  # a damaged checkpoint fails in as many ways as it has bytes
        raise InputError(
            f"The conversation in {str(database)!r} cannot be read: {error}.",
            remedy="Name another --thread, or another file with --database.",
        ) from error
    history: list[Turn] = values.get("history") or []
    if not values.get("answer"):
        return history
    return [*history, _turn("user", values["question"]), _turn("assistant", values["answer"])]


def _turn(role: Any, content: str) -> Turn:
    return Turn(role=role, content=content)
