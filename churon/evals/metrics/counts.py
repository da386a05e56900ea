"""How many rows ended how: stands beside every table, as errors hide in no mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from churon.evals.metrics.outcome import abstained, answered, failed
from churon.evals.types import Row


@dataclass(frozen=True)
class Counts:
    """`answered`, `abstained`, `errors` and `without` (such as a budget that ended) make `rows`."""

    rows: int
    answered: int
    abstained: int
    errors: int
    without: int
    degraded: int
    """Runs that used a fallback, whatever their outcome."""


def counts(rows: Sequence[Row]) -> Counts:
    """Over all rows, errors among them."""
    done, declined, errors = (sum(map(one, rows)) for one in (answered, abstained, failed))
    return Counts(
        rows=len(rows),
        answered=done,
        abstained=declined,
        errors=errors,
        without=len(rows) - done - declined - errors,
        degraded=sum(bool(row.get("degraded")) for row in rows),
    )
