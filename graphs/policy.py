"""Policies of the nodes: what is retried, how long a node may take, what happens when it fails."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from langgraph.errors import NodeError, NodeTimeoutError
from langgraph.types import Command, RetryPolicy

from churon.nodes.common import RunState
from churon.tools.errors import (
    BudgetExhausted,
    ChuronError,
    ModelError,
    ModelUnreachable,
)

RETRY = RetryPolicy(max_attempts=3, initial_interval=0.2, retry_on=(ModelUnreachable, OSError))
"""Transient failures only: a retry is paid for from the run's budget."""
TIMEOUT = 900.0
"""Seconds for one node; the run's own limit ends it earlier by default."""
STEPS = 20_000
"""More steps than any graph can take at the bounds of `RagContext`: 256 rollouts of two steps for
each of 12 levels and four more come to 7,200; runs are ended by their budget, never by this."""

Handler = Callable[..., Awaitable[Command[Any]]]

_handled: deque[BaseException] = deque(maxlen=10_000)
"""LangGraph tells errors that were handled by their `id`. While these live, no later error has the
same; it would be dropped without a word, and the graph would end there."""


def recover(then: str, *, failure: str = "", degrade: bool = True) -> Handler:
    """An error handler that goes on at `then`.

    A used-up budget becomes the stop reason. A failing model is recorded in
    `degraded`, and under `failure` where that channel is named; with `degrade=False` it is raised
    like everything else.
    """

    async def handle(state: Any, error: NodeError) -> Command[Any]:
        found = error.error
        if isinstance(found, BudgetExhausted):
            _keep(found)
            return Command(update={"stop_reason": found.reason}, goto=then)
        if not degrade or not isinstance(found, (ModelError, NodeTimeoutError)):
            raise found
        _keep(found)
        update: dict[str, Any] = {"degraded": [f"{error.node}:{type(found).__name__}"]}
        if failure:
            update[failure] = [str(found)]
        return Command(update=update, goto=then)

    return handle


def _keep(error: BaseException) -> None:
    # not with the frames that it came through, and what they hold
    error.__traceback__ = error.__context__ = error.__cause__ = None
    _handled.append(error)


def optional(then: str) -> Handler:
    """An error handler for what a run can do without: recorded in `degraded`, no more."""

    async def handle(state: Any, error: NodeError) -> Command[Any]:
        if not isinstance(error.error, ChuronError):
            raise error.error
        _keep(error.error)
        degraded = [f"{error.node}:{type(error.error).__name__}"]
        return Command(update={"degraded": degraded}, goto=then)

    return handle


def model_node(then: str, *, failure: str = "", degrade: bool = True) -> dict[str, Any]:
    """Keyword arguments of `add_node` for a node that asks a model."""
    return {
        "retry_policy": RETRY,
        "timeout": TIMEOUT,
        "error_handler": recover(then, failure=failure, degrade=degrade),
    }


async def join(state: RunState) -> dict[str, Any]:
    """A node that only waits: the point where every branch of a fan-out has come back."""
    return {}
