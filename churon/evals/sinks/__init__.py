"""Where rows can be sent beside their file. A sink that fails loses none: the file stays, and why
it failed is said once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from churon.evals.sinks import langfuse, wandb
from churon.evals.types import Row
from churon.tools.addresses import shown
from churon.tools.errors import ChuronError, InputError
from churon.tools.settings import Settings

Send = Callable[[Sequence[Row], Settings, str], list[str]]
"""Rows, settings, project -> where they can be seen. Raises anything."""
SINKS: dict[str, Send] = {"langfuse": langfuse.send, "wandb": wandb.send}


@dataclass(frozen=True)
class Outcome:
    """What became of rows on their way."""

    rows: int
    """All of them, or 0: a sink that failed half-way may hold some."""
    places: list[str] = field(default_factory=list)
    failed: str = ""
    """Why, in a sentence; "" when all arrived."""


def publish(
    rows: Sequence[Row], *, sink: str, settings: Settings, project: str = "churon"
) -> Outcome:
    """Send rows. Raises InputError for an unknown sink, SettingsError for a missing package or key;
    what fails on the way is told, not raised.
    """
    if sink not in SINKS:
        raise InputError(f"There is no sink {sink!r}.", remedy=f"Use {' or '.join(SINKS)}.")
    try:
        places = SINKS[sink](rows, settings, project)
    except ChuronError:
        raise
    except Exception as error:  # whatever a client of others raises: an evaluation outlives it
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        return Outcome(0, failed=f"{sink} did not take the rows, which are kept: {shown(said)}")
    return Outcome(len(rows), [shown(place) for place in places])
