"""Runs in a process of their own that are killed in the middle."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

from support import bridge, ferry
from support.process import killed
from support.savers import opened
from support.world import world

from churon.graphs.registry import build_graph


async def kill_after(calls: int, graph: str, database: str, saver: str = "sqlite") -> None:
    """A run on thread "t", killed at its next model call after `calls`."""
    await killed("killing", graph, calls, saver, database)


def bridged(graph: str, saver: Any = None, called: list[str] | None = None) -> Any:
    """A graph over the world of two hops; `called` takes the steps that ask the model."""
    answer = bridge.model()

    def counted(step: str, prompt: str) -> Any:
        if called is not None:
            called.append(step)
        return answer(step, prompt)

    return build_graph(graph, world(counted, bridge.TEXTS, k1=2, k2=2), checkpointer=saver)


async def _killed(name: str, left: int, kind: str, database: str) -> None:
    is_ferry = name == "self_rag"
    whole = ferry.model() if is_ferry else bridge.model()

    def answer(step: str, prompt: str) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(step, prompt)

    texts, k = (ferry.TEXTS, 3) if is_ferry else (bridge.TEXTS, 2)
    toolkit = world(answer, texts, k1=20 if is_ferry else k, k2=k)
    question = ferry.QUESTION if is_ferry else bridge.QUESTION
    async with opened(kind, database) as saver:
        config: Any = {"configurable": {"thread_id": "t"}}
        graph = build_graph(name, toolkit, checkpointer=saver)
        await graph.ainvoke({"question": question}, config, durability="sync")


if __name__ == "__main__":
    _, graph, calls, kind, database = sys.argv
    asyncio.run(_killed(graph, int(calls), kind, database))
