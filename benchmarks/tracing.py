"""What tracing adds to a run: churon's own callback and the Langfuse SDK's, against no tracing.

    python benchmarks/tracing.py -n 30

Every graph over a scripted model, traced to a collector on loopback in a process of its own. The
three take turns run by run; figures are medians of the milliseconds that a run took.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from langfuse import Langfuse
from langfuse.langchain import CallbackHandler
from opentelemetry.sdk.trace import TracerProvider
from support import bridge
from support.collector import KEYS
from support.world import world

from churon.graphs.registry import GRAPHS, build_graph
from churon.tools.trace_settings import LangfuseSettings
from churon.tools.tracing import pipe

TESTS = Path(__file__).resolve().parents[1] / "tests"
COLLECTOR = """
import sys, time
sys.path.insert(0, sys.argv[1])
from support.collector import collector
with collector() as running:
    print(running.url, flush=True)
    sys.stdin.readline()
    print(len({span.id for span in running.spans}), len(running.bodies), flush=True)
    sys.stdin.readline()
"""


@contextmanager
def collecting() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Address of a collector, and its process."""
    command = [sys.executable, "-c", COLLECTOR, str(TESTS)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process
        process.terminate()


def received(process: subprocess.Popen[str]) -> tuple[int, int]:
    """Spans and bytes that have come so far."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    spans, size = process.stdout.readline().split()
    return int(spans), int(size)


async def measure(graph: str, n: int) -> None:
    """Prints one row."""
    with collecting() as (url, process):
        toolkit = world(bridge.model(), bridge.TEXTS, k1=4, k2=3)
        off, machine = toolkit.settings, build_graph(graph, toolkit)
        on = off.model_copy(update={"langfuse": LangfuseSettings(**KEYS, host=url)})
        took: dict[str, list[float]] = {"off": [], "churon": [], "sdk": []}

        async def run(kind: str) -> None:
            toolkit._settings = on if kind == "churon" else off
            handlers: list[Any] = [CallbackHandler()] if kind == "sdk" else []
            began = time.perf_counter()
            await machine.ainvoke({"question": bridge.QUESTION}, {"callbacks": handlers})
            took[kind].append((time.perf_counter() - began) * 1_000)

        for _ in range(n + 3):
            for kind in took:
                await run(kind)
        assert pipe.flush(30)
        row(graph, {kind: values[3:] for kind, values in took.items()}, received(process), n + 3)


def row(graph: str, took: dict[str, list[float]], came: tuple[int, int], runs: int) -> None:
    """Medians, what each adds, and their ratio."""
    off, own, sdk = (statistics.median(took[kind]) for kind in ("off", "churon", "sdk"))
    spans, size = came[0] / runs, came[1] / runs / 1_000
    print(
        f"{graph:10} off {off:6.1f} ms | churon +{own - off:5.1f} ms "
        f"({(own - off) / spans:.2f} a span, {spans:.0f} spans, {size:.0f} kB) | "
        f"SDK +{sdk - off:6.1f} ms | SDK/churon {(sdk - off) / (own - off):.1f}"
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-n", type=int, default=30)
    n = parser.parse_args().n
    logging.getLogger("langfuse").setLevel(logging.CRITICAL)  # it warns of the model without a name
    with collecting() as (url, _):
        client = Langfuse(**KEYS, base_url=url, tracer_provider=TracerProvider())
        for graph in GRAPHS:
            asyncio.run(measure(graph, n))
        client.shutdown()


if __name__ == "__main__":
    main()
