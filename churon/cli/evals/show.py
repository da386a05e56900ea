"""`churon eval show`: what is in a file of rows, by variant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from rich.console import Console
from rich.text import Text

from churon.cli.common import visible
from churon.cli.rows import Rows
from churon.evals.metrics import MEASURES
from churon.evals.rows import failed, in_order, read, whole
from churon.evals.types import Row
from churon.tools.errors import InputError

STATUSES = ("grounded", "partial", "ungrounded", "abstained", "budget_exhausted")
QUALITY = ("answer", "settled", "evidence recall")
_ERRORS_SHOWN = 5


def run(path: Path) -> int:
    """Exit status 0; a file that is not there, or of something else, is an InputError."""
    if not path.is_file():
        raise InputError(
            f"There is no file {str(path)!r}.", remedy="Make it with `churon eval run SET`."
        )
    held = read(path)
    console = Console(highlight=False)
    torn = f", {held.torn} unreadable lines" if held.torn else ""
    console.print(f"{len(held.rows)} rows, {failed(held.rows)} errors{torn}")
    rows = in_order(held.rows)
    if rows:
        table(rows).print(console)
    if fine := [row for row in rows if whole(row)]:
        console.print("\nmeans; n where not all rows have a figure")
        quality(fine).print(console)
    for row in [row for row in held.rows if "error" in row][:_ERRORS_SHOWN]:
        said = f"{row['case']['id']} {row['variant']}: {row['error']}"
        console.print(Text(visible(said), style="red"))
    return 0


def table(rows: Sequence[Row]) -> Rows:
    """One line a variant: how its runs ended, and what they cost on average."""
    heads = ("variant", "rows", "errors", "outcomes", "calls", "tokens", "s")
    right = ("rows", "errors", "calls", "tokens", "s")
    made = Rows(heads, title="variant", folds={"variant": 12, "outcomes": 14}, right=right)
    for variant in dict.fromkeys(row["variant"] for row in rows):
        mine = [row for row in rows if row["variant"] == variant]
        made.add(variant, str(len(mine)), str(failed(mine)), _outcomes(mine), *_costs(mine))
    return made


def quality(rows: Sequence[Row]) -> Rows:
    """One line a variant: how good its answers and its evidence are, where the set can tell."""
    made = Rows(("variant", *QUALITY), title="variant", folds={"variant": 12}, right=QUALITY)
    for variant in dict.fromkeys(row["variant"] for row in rows):
        mine = [row for row in rows if row["variant"] == variant]
        made.add(variant, *(_mean(mine, name) for name in QUALITY))
    return made


def _mean(rows: Sequence[Row], measure: str) -> str:
    held = [score for row in rows if (score := MEASURES[measure].score(row)) is not None]
    few = f" (n {len(held)})" if len(held) < len(rows) else ""
    return f"{fmean(held):.2f}{few}" if held else "–"


def _outcomes(rows: Sequence[Row]) -> str:
    counts = {one: sum(row.get("status") == one for row in rows) for one in STATUSES}
    return ", ".join(f"{n} {one.replace('_', ' ')}" for one, n in counts.items() if n) or "–"


def _costs(rows: Sequence[Row]) -> tuple[str, str, str]:
    told = {"usage", "seconds"}
    answered = [row for row in rows if "error" not in row and told <= set(row) and whole(row)]
    if not answered:
        return "–", "–", "–"
    calls = [row["usage"]["calls"] for row in answered]
    tokens = [row["usage"]["tokens"] for row in answered]
    seconds = [row["seconds"] for row in answered]
    return f"{fmean(calls):.1f}", f"{fmean(tokens):,.0f}", f"{fmean(seconds):.1f}"
