"""Checkpointers by the address of their database, opened as a user would."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

SAVERS = ["sqlite", "sqlite-sync", "postgres"]
"""Those that outlive a process."""


@asynccontextmanager
async def opened(kind: str, address: str) -> AsyncIterator[Any]:
    """A checkpointer that is ready."""
    if kind == "memory":
        from langgraph.checkpoint.memory import InMemorySaver

        yield InMemorySaver()
    elif kind == "sqlite":
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

        async with AsyncSqliteSaver.from_conn_string(address) as saver:
            yield saver
    elif kind == "sqlite-sync":
        from langgraph.checkpoint.sqlite import SqliteSaver

        from churon.graphs.saver import threaded

        with SqliteSaver.from_conn_string(address) as saver:
            yield threaded(saver)
    else:
        from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

        async with AsyncPostgresSaver.from_conn_string(address) as saver:
            await saver.setup()
            yield saver
