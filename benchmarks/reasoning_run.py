"""The long part of reasoning.py: ask what is not in the rows yet, row by row, with an ETA."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reasoning_data import Question, sample
from reasoning_rows import Row, Writer, current, read
from reasoning_setup import Bench, Plan, opened
from reasoning_tasks import Task, missing, named, schedule
from scoring import abstained
from short_answer import shorten


@dataclass(frozen=True)
class Wanted:
    sets: Sequence[str]
    graphs: Sequence[str]
    n: int
    minutes: float


async def run(plan: Plan, wanted: Wanted, *, resume_only: bool) -> None:
    """Ask, and append a row each; stops after `wanted.minutes` at the end of a row."""
    path, given = plan.work / "rows.jsonl", plan.provenance()
    rows, torn = read(path)
    samples = {name: sample(plan.data / name, wanted.n, plan.seed) for name in wanted.sets}
    tasks = missing(schedule(samples, wanted.graphs), rows, given, resume_only=resume_only)
    say(f"{len(rows)} rows read, {torn} torn; {len(tasks)} to ask; prompts {given['prompts']}")
    if not tasks:
        return
    pace = Pace([row for row in current(rows).values() if row["model"] == plan.model])
    ends = time.monotonic() + wanted.minutes * 60
    with Writer(path) as writer:
        async with opened(plan, wanted.sets, wanted.graphs) as bench:
            for number, (question, graph) in enumerate(tasks, 1):
                if time.monotonic() > ends:
                    say(f"{wanted.minutes:g} minutes are over; run it again for the rest")
                    return
                row = await asked(bench, question, graph, given)
                writer.write(row)
                pace.add(row)
                say(line(row, number, len(tasks), pace.left(tasks[number:])))


async def asked(bench: Bench, question: Question, graph: str, given: Row) -> Row:
    """The row of one question and graph."""
    head = {**named(question, graph, given), "at": datetime.now(UTC).isoformat("T", "seconds")}
    began = time.perf_counter()
    try:
        output = await bench.machines[question.set, graph].ainvoke({"question": question.text})
        wall = time.perf_counter() - began
        row = {**head, **told(output), "wall": round(wall, 2), **question.gold()}
        row["short"] = "" if abstained(row) else await shortened(bench, question, row["answer"])
    except Exception as error:  # hours of other rows must not be lost to one question
        wall = time.perf_counter() - began
        return {**head, "error": f"{type(error).__name__}: {error}", "wall": round(wall, 2)}
    return row


async def shortened(bench: Bench, question: Question, answer: str) -> str:
    return await shorten(bench.port, question.text, answer, question.language)


def told(output: Mapping[str, Any]) -> Row:
    """What is kept of an output: passages by id only, as the stores hold their texts."""
    kept = ("answer", "status", "stop_reason", "degraded", "usage", "claims", "missing", "steps")
    used = [key for claim in output["claims"] for key in claim["evidence_ids"]]
    return {
        **{name: output.get(name) for name in kept},
        "read": list(output["evidence"]),
        "used": list(dict.fromkeys(used)),
    }


@dataclass
class Pace:
    """Mean seconds by graph, earlier runs with the same model included."""

    rows: list[Row]

    def add(self, row: Row) -> None:
        self.rows.append(row)

    def left(self, tasks: Sequence[Task]) -> float:
        """Seconds that the tasks will take; a graph not yet seen as the mean of the others."""
        by_graph: dict[str, list[float]] = {}
        for row in self.rows:
            by_graph.setdefault(row["graph"], []).append(row["wall"])
        means = {graph: sum(walls) / len(walls) for graph, walls in by_graph.items()}
        usual = sum(means.values()) / len(means)
        return sum(means.get(graph, usual) for _, graph in tasks)


def line(row: Row, number: int, total: int, left: float) -> str:
    """One line of progress."""
    outcome = row.get("error") or f"{row['status']} {row['short']!r}"
    return (
        f"[{number}/{total}] {row['set']} {row['id']} {row['graph']}: {outcome[:100]}, "
        f"{row['wall']:.0f} s; {left / 60:.0f} min left"
    )


def say(text: str) -> None:
    """To stderr with the time of day."""
    print(f"{datetime.now():%H:%M:%S} {text}", file=sys.stderr, flush=True)
