"""`churon eval publish`: rows to Langfuse or Weights & Biases."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from churon.cli.common import visible
from churon.evals.report.gather import gather
from churon.evals.report.warned import left_out
from churon.evals.sinks import publish
from churon.tools.settings import Settings


def run(settings: Settings, paths: Sequence[Path], sink: str, project: str) -> int:
    """Exit status 0 when all rows arrived, 1 when some did not; files of rows stay as they are."""
    gathered = gather(paths)
    rows = gathered.rows
    for one in left_out(gathered):
        sys.stderr.write(visible(one["en"]) + "\n")
    outcome = publish(rows, sink=sink, settings=settings, project=project)
    for place in outcome.places:
        sys.stdout.write(visible(place) + "\n")
    if outcome.failed:
        sys.stderr.write(visible(outcome.failed) + "\n")
    sys.stdout.write(f"published: {outcome.rows} of {len(rows)} rows\n")
    return 1 if outcome.failed else 0
