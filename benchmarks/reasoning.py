"""Compare the graphs on multi-hop questions: what they find, what they answer, what it costs.

    python benchmarks/reasoning.py prepare --data DATA --models MODELS --work WORK
    python benchmarks/reasoning.py run --data DATA --models MODELS --work WORK -n 10 --minutes 120
    python benchmarks/reasoning.py report --work WORK

A set is a folder in BEIR's shape; its whole corpus goes into WORK/SET.db once (`prepare`, or the
first `run`). `run` asks every graph the same seeded sample, one row a question and graph in
WORK/rows.jsonl; it may be killed and started again, and asks only what is missing or failed.
`--set context.k2=3` changes any setting. `report` prints Markdown, from the rows alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

import reasoning_report

SETS = "en_multihop_hotpotqa,en_multihop_musique,en_multihop_2wiki,ko_multihop_strategyqa"
GRAPHS = "two_stage,self_rag,cot_rag,mcts_rag"


def names(text: str) -> tuple[str, ...]:
    """Comma-separated names."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def override(text: str) -> tuple[str, Any]:
    """`context.k2=3` as its name and value; a value that is not JSON is text."""
    name, found, value = text.partition("=")
    if not found or "." not in name:
        raise argparse.ArgumentTypeError(f"{text!r} is not SECTION.NAME=VALUE")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    prepare, run, report = (commands.add_parser(one) for one in ("prepare", "run", "report"))
    for one in (prepare, run):
        one.add_argument("--data", type=Path, required=True)
        one.add_argument("--models", type=Path, required=True)
        one.add_argument("--model", default="qwen2.5-coder-1.5b")
        one.add_argument("--seed", type=int, default=7, help="of the sample and of the graphs")
        one.add_argument("--set", dest="overrides", type=override, action="append", default=[])
        one.add_argument("--sets", type=names, default=names(SETS))
    for one in (prepare, run, report):
        one.add_argument("--work", type=Path, required=True)
    run.add_argument("--graphs", type=names, default=names(GRAPHS))
    run.add_argument("-n", type=int, default=10, help="questions a set")
    run.add_argument("--minutes", type=float, default=float("inf"), help="stop after so many")
    run.add_argument(
        "--resume-only", action="store_true", help="finish the questions begun, begin no other"
    )
    report.add_argument("--sets", type=names, default=(), help="default: all in the rows")
    report.add_argument("--graphs", type=names, default=(), help="default: all in the rows")
    report.add_argument(
        "--latest",
        action="store_true",
        help="newest row of each question and graph, whatever its prompts; default: a table each",
    )
    return parser


def main() -> None:
    given = arguments().parse_args()
    if given.command == "report":
        reasoning_report.show(given.work, given.sets, given.graphs, latest=given.latest)
        return
    asyncio.run(work(given))


async def work(given: argparse.Namespace) -> None:
    # imported here: a report needs neither models nor graphs
    from reasoning_run import Wanted, run
    from reasoning_setup import Plan, prepared

    plan = Plan(given.data, given.models, given.work, given.model, given.seed, given.overrides)
    given.work.mkdir(parents=True, exist_ok=True)
    if given.command == "prepare":
        await prepared(plan, given.sets)
        return
    wanted = Wanted(given.sets, given.graphs, given.n, given.minutes)
    await run(plan, wanted, resume_only=given.resume_only)


if __name__ == "__main__":
    main()
