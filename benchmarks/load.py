"""Many clients at once: what the server itself costs, with a model and a store that take no time.

    python benchmarks/load.py -n 2000 --clients 32

The server is a process of its own on loopback; the clients keep asking OpenAI's door until all
questions are asked. The memory is the server's resident set: after 200 questions to warm up, and
after the measured ones.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
WARM_UP = 200
SERVER = """
import asyncio
import sys
sys.path.insert(0, "tests")
from support.ferry import TEXTS, model
from support.serving import CountedStore, with_serve
from support.world import world
from churon.serving.server import serve

class Forgetful(list):  # what tests want to remember would look like a leak
    def append(self, item):
        pass

store = CountedStore(TEXTS)
store.asked = Forgetful()
toolkit = world(model(), store=store)
asyncio.run(toolkit.chat()).model.calls = Forgetful()
serve(with_serve(toolkit.settings, {"port": 0, "runs": int(sys.argv[1])}), toolkit)
"""


@contextmanager
def server(runs: int) -> Iterator[tuple[str, int]]:
    """Address and process id of a server that takes this many runs at once."""
    command = [sys.executable, "-c", SERVER, str(runs)]
    # a file, not a pipe: its log would fill a pipe that nobody reads
    log = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.PIPE, text=True) as one:
        assert one.stderr is not None
        line = one.stderr.readline()
        if (found := re.search(r"http://\S+", line)) is None:
            raise SystemExit(line + one.stderr.read())
        drain = subprocess.Popen(["cat"], stdin=one.stderr, stdout=log)
        try:
            yield found[0], one.pid
        finally:
            one.terminate()
            one.wait(60)
            drain.wait(10)


async def load(url: str, graph: str, n: int, clients: int) -> tuple[list[float], Counter[int]]:
    """Milliseconds of every request, and how often each status came."""
    turns, times, statuses = iter(range(n)), list[float](), Counter[int]()

    async def client() -> None:
        async with httpx.AsyncClient(base_url=url, timeout=120) as http:
            for turn in turns:
                text = f"When does the Lumen ferry leave? ({turn})"
                body = {"model": graph, "messages": [{"role": "user", "content": text}]}
                began = time.perf_counter()
                answer = await http.post("/v1/chat/completions", json=body)
                times.append((time.perf_counter() - began) * 1e3)
                statuses[answer.status_code] += 1

    await asyncio.gather(*(client() for _ in range(clients)))
    return times, statuses


def resident(pid: int) -> float:
    """MiB of a process's resident set (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) / 1024


def row(graph: str, url: str, pid: int, n: int, clients: int) -> str:
    asyncio.run(load(url, graph, WARM_UP, clients))
    before, began = resident(pid), time.perf_counter()
    times, statuses = asyncio.run(load(url, graph, n, clients))
    seconds = time.perf_counter() - began
    cuts = statistics.quantiles(times, n=20)
    cells = (
        graph, clients, n, n - statuses[200], f"{statistics.median(times):.0f}",
        f"{cuts[18]:.0f}", f"{n / seconds:.1f}", f"{before:.0f}", f"{resident(pid):.0f}",
    )  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=2_000, help="questions")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--graph", action="append", help="default: two_stage and self_rag")
    args = parser.parse_args()
    heads = (
        "graph", "clients", "requests", "errors", "p50 ms", "p95 ms", "requests/s",
        "MiB before", "MiB after",
    )  # fmt: skip
    print("| " + " | ".join(heads) + " |")
    print("|---|---|---|---|---|---|---|---|---|")
    for graph in args.graph or ("two_stage", "self_rag"):
        with server(args.clients) as (url, pid):
            print(row(graph, url, pid, args.n, args.clients), flush=True)


if __name__ == "__main__":
    main()
