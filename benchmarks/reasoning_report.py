"""Markdown tables from WORK/rows.jsonl, one group a setup (model, prompts, seed, overrides)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from reasoning_rows import Key, Row, current, key, read, setup
from scoring import Interval, differences, interval, scores

BASELINE = "two_stage"
QUALITY = {
    "recall": "evidence recall",
    "all": "all evidence",
    "f1": "F1",
    "em": "EM",
    "match": "match",
    "accuracy": "yes/no accuracy",
    "abstained": "abstained",
}
COSTS = ("calls", "tokens", "searches", "cache_hits", "seconds")


def show(work: Path, sets: Sequence[str], graphs: Sequence[str], *, latest: bool) -> None:
    """Print everything about the rows of one folder."""
    rows, torn = read(work / "rows.jsonl")
    kept = [
        row
        for row in current(rows).values()
        if (not sets or row["set"] in sets) and (not graphs or row["graph"] in graphs)
    ]
    if latest:
        kept = list({key({**row, "prompts": ""}): row for row in in_time(kept)}.values())
    print(f"{len(rows)} lines read, {torn} unreadable.")
    for group in grouped(kept, latest):
        section(group)


def in_time(rows: Iterable[Row]) -> list[Row]:
    """Errors first, so that an answer is the later one; then by the time they were made."""
    return sorted(rows, key=lambda row: ("error" not in row, row["at"]))


def grouped(rows: Iterable[Row], latest: bool) -> list[list[Row]]:
    """Rows of one setup together; `latest`: whatever their prompts."""
    groups: dict[Key, list[Row]] = {}
    for row in rows:
        groups.setdefault(setup({**row, "prompts": ""} if latest else row), []).append(row)
    return list(groups.values())


def section(rows: list[Row]) -> None:
    """All tables of one group."""
    answered = [row for row in rows if "error" not in row]
    graphs = in_order(row["graph"] for row in rows)
    sets = in_order(row["set"] for row in rows)
    print(f"\n## {described(rows)}\n")
    print(f"{len(rows)} rows, {len(rows) - len(answered)} of them errors.")
    for row in rows:
        if "error" in row:
            print(f"- {row['set']} {row['id']} {row['graph']}: {row['error'][:200]}")
    cells = {
        (name, graph): [r for r in answered if r["set"] == name and r["graph"] == graph]
        for name in sets
        for graph in graphs
    }
    print(
        "\nMean and 95 % bootstrap interval over questions; (n) where fewer have a gold answer.\n"
    )
    table(["set", "graph", "n", *QUALITY.values()], (quality(*k, v) for k, v in cells.items()))
    print("\nMeans per question; wall seconds on a shared machine.\n")
    head = ["set", "graph", "n", *COSTS, "wall s", "degraded"]
    table(head, (costs(*k, v) for k, v in cells.items()))
    print(f"\nDifference to {BASELINE}, questions that all of {', '.join(graphs)} have finished.\n")
    table(
        ["set", "graph", "n", "evidence recall", "answers", "F1, or yes/no accuracy"],
        paired(answered, sets, graphs),
    )


def described(rows: Sequence[Row]) -> str:
    """What the group's rows have in common, or that they have not."""

    def values(name: str) -> str:
        return ", ".join(in_order(str(row[name]) for row in rows))

    return (
        f"{values('model')}, prompts {values('prompts')}, seed {values('seed')}, "
        f"overrides {values('overrides')}, commit {values('commit')}"
    )


def quality(name: str, graph: str, rows: Sequence[Row]) -> list[str]:
    made = [scores(row) for row in rows]
    measured = [interval(one[measure] for one in made) for measure in QUALITY]
    return [name, graph, str(len(rows)), *(cell(one, len(rows)) for one in measured)]


def costs(name: str, graph: str, rows: Sequence[Row]) -> list[str]:
    means = [mean([row["usage"][cost] for row in rows]) for cost in COSTS]
    degraded = sum(bool(row["degraded"]) for row in rows)
    wall = mean([row["wall"] for row in rows])
    return [name, graph, str(len(rows)), *means, wall, str(degraded)]


def paired(rows: Sequence[Row], sets: Sequence[str], graphs: Sequence[str]) -> list[list[str]]:
    """Each graph against the baseline, by set and over all sets."""
    questions: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        questions.setdefault((row["set"], row["id"]), {})[row["graph"]] = row
    whole = {key: by for key, by in questions.items() if len(by) == len(graphs)}
    made = []
    for name in [*sets, "all"]:
        mine = [by for (place, _), by in whole.items() if name in (place, "all")]
        for graph in graphs:
            if graph == BASELINE or BASELINE not in graphs:
                continue
            pairs = [(by[BASELINE], by[graph]) for by in mine]
            recall, answer = (interval(differences(pairs, m)) for m in ("recall", "answer"))
            signed = [cell(recall, recall.n, "+"), str(answer.n), cell(answer, answer.n, "+")]
            made.append([name, graph, str(len(mine)), *signed])
    return made


def cell(value: Interval, n: int, sign: str = "") -> str:
    """`.50 [.25, .75]`, with its own n where that differs."""
    if not value.n:
        return "–"
    own = "" if value.n == n else f" ({value.n})"
    return f"{value.mean:{sign}.2f} [{value.low:{sign}.2f}, {value.high:{sign}.2f}]{own}"


def mean(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):,.1f}" if values else "–"


def in_order(values: Iterable[str]) -> list[str]:
    """Each once, in order of first mention."""
    return list(dict.fromkeys(values))


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
