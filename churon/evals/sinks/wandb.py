"""Weights & Biases: a run a set and variant, with its provenance as config, a table of rows,
figures as summary, and what each question took as steps. `WANDB_MODE=offline` writes folders only.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from churon.evals.metrics.judged import judged
from churon.evals.report.figures import figures, tally
from churon.evals.report.view import group
from churon.evals.sinks.told import Teller, numbers
from churon.evals.types import Row
from churon.tools.errors import SettingsError
from churon.tools.settings import Settings

STEPPED = ("seconds", "calls", "tokens", "answer", "evidence recall", "recall@5")
_TEXTS = ("case", "question", "answers", "status", "answer", "short", "error")
_NUMBERS = (*STEPPED, "em", "f1", "accuracy", "judged", "citation precision",
            "citation recall", "support rate", "settled")  # fmt: skip


def send(rows: Sequence[Row], settings: Settings, project: str) -> list[str]:
    """Addresses, or folders, of the runs. Raises SettingsError without the package."""
    try:
        wandb = import_module("wandb")
    except ImportError as error:
        raise SettingsError(
            "W&B's package is not installed.", remedy="pip install 'churon[wandb]'"
        ) from error
    teller = Teller(settings)
    return [
        _run(wandb, project, set_, variant, some, teller)
        for set_, variants in group(rows).items()
        for variant, some in variants.items()
    ]


def _run(
    wandb: Any, project: str, set_: str, variant: str, rows: Sequence[Row], teller: Teller
) -> str:
    told = {"variant": variant, "graph": rows[0]["graph"], "judge": judged(rows).models()}
    run = wandb.init(
        project=project,
        group=set_,
        name=variant,
        job_type="evaluation",
        config={**told, **rows[0]["provenance"]},
        reinit="create_new",
        settings=wandb.Settings(silent=True),
    )
    with run:
        for step, row in enumerate(rows):
            found = numbers(row)
            run.log({name: found[name] for name in STEPPED if name in found}, step=step)
        table = wandb.Table(
            columns=[*_TEXTS, *_NUMBERS], data=[_cells(row, teller) for row in rows]
        )
        run.log({"rows": table}, step=len(rows))
        run.summary.update(_summary(rows))
    return str(Path(run.dir).parent if run.offline else run.url)


def _summary(rows: Sequence[Row]) -> dict[str, float]:
    made: dict[str, float] = {f"count/{name}": count for name, count in tally(rows).items()}
    for name, one in figures(rows).items():
        told = {"": one["value"], "/low": one["low"], "/high": one["high"]}
        made |= {f"mean/{name}{end}": value for end, value in told.items() if value is not None}
    return made


def _cells(row: Row, teller: Teller) -> list[Any]:
    case, found = row["case"], numbers(row)
    outcome = teller.outcome(row)
    texts: dict[str, Any] = {
        "case": case["id"],
        "question": teller.question(case)["question"],
        "answers": " · ".join(teller.shown(case["answers"], "answer")),
        **{
            name: outcome[name]
            for name in ("status", "answer", "short", "error")
            if name in outcome
        },
    }
    return [*(texts.get(name, "") for name in _TEXTS), *(found.get(name) for name in _NUMBERS)]
