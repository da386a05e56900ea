"""Running a graph for a door: what happens as it happens, paid into the metrics."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal, cast

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import RunnableConfig
from typing_extensions import TypedDict

from churon.api import OUTPUT_KEYS
from churon.cli.common import visible
from churon.graphs.contract import RagInput, RagOutput
from churon.serving.house import House
from churon.serving.labels import labelled
from churon.serving.problem import problem_of
from churon.serving.visit import Visit
from churon.tools.account import merge_account, no_account, total
from churon.tools.errors import ChuronError
from churon.tools.types import Account

_AHEAD = 64
"""Moments that a run may be ahead of its reader."""
log = logging.getLogger("churon.serving")


class Moment(TypedDict, total=False):
    """Something that happened in a run; the last one is the output."""

    kind: Literal["step", "token", "state", "output"]
    node: str
    """step: the node that finished; token: the node that writes."""
    update: dict[str, Any]
    """step: what it wrote."""
    text: str
    """token: the next piece of what is being written, which may be a draft."""
    state: dict[str, Any]
    """state: the output's channels so far, some of them missing."""
    output: RagOutput


async def moments(
    house: House,
    visit: Visit,
    graph: str,
    question: RagInput,
    context: Mapping[str, Any],
    config: RunnableConfig | None = None,
) -> AsyncGenerator[Moment, None]:
    """One run; who stops iterating, or is cancelled, ends it with its model calls.

    Raises ChuronError.
    """
    # In a task of its own: sse-starlette cancels again and again until all is quiet, which
    # LangGraph's clean-up does not survive, and the model would write on for nobody
    ahead: asyncio.Queue[Moment | None] = asyncio.Queue(_AHEAD)
    work = visit.adopt(_pump(ahead, house, visit, graph, question, context, config))
    try:
        while (moment := await ahead.get()) is not None:
            yield moment
        await work
    finally:
        work.cancel()


async def _pump(ahead: asyncio.Queue[Moment | None], house: House, visit: Visit, *run: Any) -> None:
    """The run into the queue, then None. A failure is logged here, in full, and remembered for the
    client, in short.
    """
    graph: str = run[0]
    visit.graph = graph
    account, output = no_account(), None
    try:
        async with aclosing(_events(house, visit, *run)) as events:
            async for moment in events:
                if moment["kind"] == "step":
                    account = merge_account(account, _account(moment["update"]))
                elif moment["kind"] == "output":
                    output = moment["output"]
                await ahead.put(moment)
    except Exception as error:  # whatever a graph raises: the client must hear that it ended
        visit.fail(problem_of(error, visit.id))
        # a failure that is expected says all in its message
        trace = None if isinstance(error, ChuronError) else error
        said = visible(" ".join(str(error).split()))
        log.warning("request %s, %s: %s", visit.id, graph, said, exc_info=trace)
        await ahead.put(None)
        raise
    else:
        await ahead.put(None)
    finally:
        house.metrics.spent(graph, output["usage"] if output else total(account))
        if output:
            house.metrics.answered(graph, output)


async def _events(
    house: House,
    visit: Visit,
    graph: str,
    question: RagInput,
    context: Any,
    config: RunnableConfig | None,
) -> AsyncGenerator[Moment, None]:
    state: dict[str, Any] = {}
    going: Any = house.graphs[graph].astream(
        question,
        labelled(config, visit),
        context=context,
        stream_mode=["updates", "custom", "values"],
        subgraphs=True,
    )
    async with aclosing(going):  # who leaves early ends the run, not only the reading of it
        async for place, mode, event in going:
            if mode == "custom":
                yield Moment(kind="token", node=event["node"], text=event["token"])
            elif mode == "updates":
                for node, update in event.items():
                    yield Moment(kind="step", node=node, update=update or {})
            elif not place:
                state = {key: event[key] for key in OUTPUT_KEYS if key in event}
                yield Moment(kind="state", state=state)
    yield Moment(kind="output", output=cast(RagOutput, state))


async def answer(
    house: House,
    visit: Visit,
    graph: str,
    question: RagInput,
    context: Mapping[str, Any],
    callbacks: Sequence[BaseCallbackHandler] = (),
) -> RagOutput:
    """The output of one run. Raises ChuronError."""
    config = RunnableConfig(callbacks=list(callbacks))
    async with aclosing(moments(house, visit, graph, question, context, config)) as going:
        async for moment in going:
            if moment["kind"] == "output":
                return moment["output"]
    raise AssertionError("a run ends with its output or an error")


def _account(update: Mapping[str, Any]) -> Account | None:
    found = update.get("account")  # the first node resets the channel with an Overwrite
    return cast(Account, found) if isinstance(found, Mapping) else None
