"""Langfuse: a set is a dataset, a case an item of it, a variant an experiment with a trace and
scores an item, by the SDK's `run_experiment`. Publishing again adds traces to the same experiment.

The SDK raises what its API refuses and only logs what it cannot deliver in the background; so its
log is heard while it works.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from opentelemetry.sdk.trace import TracerProvider

from churon.evals.report.figures import figures
from churon.evals.report.view import group
from churon.evals.sinks.told import Teller, made_by, numbers
from churon.evals.types import Case, Row
from churon.tools.errors import SettingsError
from churon.tools.settings import Settings

AT_ONCE = 8
_LOGS = ("langfuse", "opentelemetry")


def send(rows: Sequence[Row], settings: Settings, project: str) -> list[str]:
    """Addresses of the experiments. Raises SettingsError without keys."""
    client = _client(settings)
    teller = Teller(settings)
    places: list[str] = []
    with _heard() as said:
        for name, variants in group(rows).items():
            dataset = f"{project}/{name}"
            items = _items(client, dataset, variants, teller)
            for variant, some in variants.items():
                done = _experiment(client, dataset, variant, some, items, teller)
                places.append(done.experiment_url or f"{dataset}: {done.run_name}")
                if said:
                    raise RuntimeError(said[0])
    return places


def _client(settings: Settings) -> Any:
    keys = settings.langfuse
    if not keys.public_key or keys.secret_key is None:
        raise SettingsError(
            "Langfuse's keys are not set.",
            remedy="Set langfuse.public_key and langfuse.secret_key (CHURON_LANGFUSE__PUBLIC_KEY).",
        )
    with _no_collectors_headers():
        return import_module("langfuse").Langfuse(  # at first use: it takes a second
            public_key=keys.public_key,
            secret_key=keys.secret_key.get_secret_value(),
            base_url=keys.host,
            timeout=keys.timeout,
            environment=keys.environment or None,
            tracer_provider=TracerProvider(),  # nothing global to OpenTelemetry
        )


@contextmanager
def _no_collectors_headers() -> Iterator[None]:
    """The SDK's exporter would send Langfuse what the environment keeps for a collector."""
    names = ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS")
    held = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(held)


def _items(
    client: Any, dataset: str, variants: dict[str, list[Row]], teller: Teller
) -> dict[str, Any]:
    """Items by case id; those that are there are written anew."""
    client.create_dataset(name=dataset, description="churon eval")
    cases = {row["case"]["id"]: row["case"] for some in variants.values() for row in some}
    return {
        key: client.create_dataset_item(
            dataset_name=dataset,
            id=_item_id(dataset, case),
            input=teller.question(case),
            expected_output=teller.expected(case),
            metadata={"case": key, "tags": case.get("tags", [])},
        )
        for key, case in cases.items()
    }


def _item_id(dataset: str, case: Case) -> str:
    """The same for the same question of the same dataset; Langfuse wants it unique in a project."""
    whole = "\n".join((dataset, case["id"], case["question"]))
    return f"churon-{hashlib.sha256(whole.encode('utf-8', 'replace')).hexdigest()[:24]}"


def _experiment(
    client: Any,
    dataset: str,
    variant: str,
    rows: Sequence[Row],
    items: dict[str, Any],
    teller: Teller,
) -> Any:
    evaluation = import_module("langfuse").Evaluation
    asked = {items[row["case"]["id"]].id: row for row in rows}
    by_case = {row["case"]["id"]: row for row in rows}

    def task(*, item: Any, **_: Any) -> dict[str, Any]:
        return teller.outcome(asked[item.id])

    def scored(*, metadata: Any, **_: Any) -> list[Any]:
        found = numbers(by_case[metadata["case"]])
        return [evaluation(name=name, value=value) for name, value in found.items()]

    def means(**_: Any) -> list[Any]:
        told = figures(rows).items()
        return [evaluation(name=name, value=one["value"]) for name, one in told]

    return client.run_experiment(
        name=dataset,
        run_name=f"{variant} {max(row['at'] for row in rows)}",
        data=[items[key] for key in by_case],
        task=task,
        evaluators=[scored],
        run_evaluators=[means],
        max_concurrency=AT_ONCE,
        metadata={"variant": variant, **made_by(rows)},
    )


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What the SDK's loggers complain of meanwhile, which then is not printed once a trace."""
    said: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    ear, loggers = Ear(logging.WARNING), [logging.getLogger(name) for name in _LOGS]
    kept = [(one.propagate, one.handlers[:]) for one in loggers]
    for one in loggers:
        one.propagate, one.handlers = False, [ear]
    try:
        yield said
    finally:
        for one, (propagate, handlers) in zip(loggers, kept, strict=True):
            one.propagate, one.handlers = propagate, handlers
