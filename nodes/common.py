"""What every node reads, and the first words of every step that speaks to a model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from typing_extensions import TypedDict

from churon.tools.errors import BudgetExhausted, ModelError
from churon.tools.run import Run
from churon.tools.types import Account, Evidence, Language

T = TypeVar("T")


class RunState(TypedDict):
    """Enough to find the run's hands, also in another process after a resume."""

    run: str
    language: Language
    account: Account


class PassageState(RunState):
    """One passage of a fan-out."""

    standalone: str
    passage: Evidence


def chosen(evidence: dict[str, Evidence], ids: list[str]) -> list[Evidence]:
    """The passages with these ids, in their order; ids that are not held are left out."""
    return [evidence[key] for key in ids if key in evidence]


async def together(*work: Awaitable[T]) -> list[T]:
    """All results, in order; the first failure stops the others, so that none goes on unpaid."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:  # also our own cancellation
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def settled(run: Run, name: str, *work: Awaitable[T]) -> tuple[list[T | None], str]:
    """All results, None for one that the budget or the model kept from being, and the stop reason.

    What came back stays when the budget ends or the model fails in between. A failing model is
    recorded as `name`; everything else is raised.
    """
    results = await asyncio.gather(*work, return_exceptions=True)
    reason = ""
    for error in results:
        if isinstance(error, BudgetExhausted):
            reason = reason or error.reason
        elif isinstance(error, ModelError):
            run.degrade(f"{name}:{type(error).__name__}")
        elif isinstance(error, BaseException):
            raise error
    return [None if isinstance(one, BaseException) else one for one in results], reason
