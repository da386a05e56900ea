"""The reranking compressor against its peers, in one process: ratios with bars, and gates.

    python benchmarks/rerank.py --work WORK [--repetitions 5] [--size large] [--only W2 W5]
    python benchmarks/rerank.py --work WORK --quick     # toy sizes, once: whether all of it works

One thread, process CPU time. Each repetition takes fresh texts and a shuffled order of engines; a
ratio is taken per repetition, and the table shows the median with the least and the largest. Our
float32 engine runs twice: where the two differ by more than 15 %, the run is void. Exits with 1
when a bar or a gate does not hold. Bars of half precision need a CPU that computes in bfloat16.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import rerank_layerwise
import rerank_loads
import rerank_models
import torch
from rerank_engines import TOP_N, Engine, decoders, encoders
from rerank_models import Texts
from rerank_table import Table
from transformers import AutoTokenizer
from transformers.utils import logging

from churon.tools.rerank.pairs import PairEncoder
from churon.tools.rerank.torch_model import has_bfloat16

Shape = tuple[int, str, int | None]
"""Passages, their lengths, tokens of the query."""
Times = dict[str, list[float]]

ENCODER: dict[str, Shape] = {
    "W1": (20, "lognormal", None),
    "W2": (100, "lognormal", None),
    "W3": (100, "uniform", None),
    "W4": (100, "equal", None),
    "W5": (500, "lognormal", None),
    "W6": (50, "4,000", None),
}
DECODER: dict[str, Shape] = {
    "W9 short": (20, "lognormal", 20),
    "W9 long": (20, "lognormal", 120),
}
QUICK = {"W1", "W2", "W4", "W7", "W8", "W9", "tokens"}
HALF = {"ours bf16", "st best"}
"""May run in half precision: timed, not compared."""
NO_LOGITS = {"ours", "control", "pymilvus"}
"""Whose scores say nothing more: ours, and FlagEmbedding's behind a sigmoid."""


def race(
    engines: dict[str, Engine], texts: Texts, shape: Shape, rounds: int
) -> tuple[Times, Gates]:
    """CPU seconds of every engine, and what their scores say."""
    times: Times = {name: [] for name in engines}
    gates, dice = Gates(), random.Random(0)
    warm_up = texts.call(min(8, shape[0]), *shape[1:])
    for score in engines.values():
        score(*warm_up)
    for _ in range(rounds):
        query, passages = texts.call(*shape)
        scores: dict[str, list[float]] = {}
        for name in dice.sample(sorted(engines), len(engines)):
            began = time.process_time()
            scores[name] = engines[name](query, passages)
            times[name].append(time.process_time() - began)
        gates.learn(scores)
    return times, gates


class Gates:
    """How far float32 scores part, in how many calls the best ones are the same ones."""

    def __init__(self) -> None:
        self.apart = 0.0
        self.order: list[bool] = []
        self.certified: list[bool] = []

    def learn(self, scores: dict[str, list[float]]) -> None:
        """Look at one call's scores."""
        exact = {name: one for name, one in scores.items() if name not in HALF}
        sure = exact.pop("certified", None)
        peers = [one for name, one in exact.items() if name not in NO_LOGITS]
        for peer in peers:
            parted = [abs(a - b) for a, b in zip(scores["ours"], peer, strict=True)]
            self.apart = max(self.apart, *parted)
        self.order.append(best(scores["ours"]) == best(scores["flag"]))
        if sure is not None:
            self.certified.append(best(sure) == best(scores["ours"]))


def best(scores: list[float]) -> list[int]:
    """Places of the best ten, best first."""
    return sorted(range(len(scores)), key=lambda place: -scores[place])[:TOP_N]


def ids_are_the_references(model: str, texts: Texts) -> bool:
    """Whether our token ids are the tokenizer's own, for pairs from short to cut."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    for tokens in range(2, 700, 7):
        query, passage = texts.of_length(20), texts.of_length(tokens)
        cut = {"truncation": "only_second", "max_length": 512}
        expected = tokenizer(query, passage, **cut)["input_ids"]
        (row,) = PairEncoder(AutoTokenizer.from_pretrained(model), 512)(query, [passage])
        if list(row.ids) != list(expected):
            return False
    return True


def singles(
    table: Table, engines: dict[str, Engine], texts: Texts, shapes: dict[str, Shape], rounds: int
) -> None:
    """The workloads that are one call."""
    for workload, shape in shapes.items():
        times, gates = race(engines, texts, shape, rounds)
        table.gate(workload, f"scores within {gates.apart:.1e} of the peers'", gates.apart <= 1e-4)
        table.gate(workload, f"best {TOP_N} as FlagEmbedding's", all(gates.order))
        if gates.certified:
            table.gate(workload, f"certified best {TOP_N} exact", all(gates.certified))
        table.control(workload, ratios(times, "control", "ours"))
        for name in ("ours", "ours bf16", "certified"):
            for peer in ("flag", "flag best", "st", "st best", "pymilvus", "ours"):
                if name in times and peer in times and name != peer:
                    table.row(workload, f"{name} against {peer}", ratios(times, peer, name))


def ratios(times: Times, slow: str, fast: str) -> list[float]:
    """How many times the CPU time of `fast` the other takes, per repetition."""
    return [a / b for a, b in zip(times[slow], times[fast], strict=True)]


def run(wanted: argparse.Namespace, table: Table) -> None:
    """All workloads that are wanted."""

    def chosen(workload: str) -> bool:
        name = workload.split()[0]
        return name in (wanted.only or (QUICK if wanted.quick else {name}))

    rounds, quick = wanted.repetitions, wanted.quick
    shapes = {name: shape for name, shape in ENCODER.items() if chosen(name)}
    model = wanted.model or rerank_models.encoder(wanted.work, wanted.size)
    texts = Texts(model, wanted.seed)
    if shapes:
        table.gate("ids", "equal to the tokenizer's own", ids_are_the_references(model, texts))
        found = encoders(model, texts, quick=quick, best=not wanted.defaults)
        singles(table, found, texts, shapes, rounds)
    if chosen("W7"):
        loads = rerank_loads.concurrent(model, texts, 1 if quick else rounds, 8 if quick else 32)
        apart = max(loads["apart"])
        table.gate("W7", f"best 5 as FlagEmbedding's, within {apart:.1e}", apart <= 1e-4)
        table.row("W7", "ours against flag", loads["cpu"])
        table.row("W7", "p95 of waiting, share of flag's", loads["p95"])
    if chosen("W8"):
        table.row("W8", "pairs scored, share", rerank_loads.loop(model, texts, rounds))
    if chosen("tokens"):
        table.row("tokens", "ours against flag", rerank_loads.tokenising(model, texts, rounds))
    if chosen("W9"):
        model = wanted.decoder or rerank_models.decoder(wanted.work, layers=3 if quick else 6)
        texts = Texts(model, wanted.seed)
        found = decoders(model, texts, best=not quick and not wanted.defaults)
        singles(table, found, texts, DECODER, rounds)
    if chosen("W10"):
        model, found = rerank_layerwise.engines(wanted.work)
        shapes = {"W10": (20, "lognormal", None)}
        singles(table, found, Texts(model, wanted.seed), shapes, rounds)


def main() -> int:
    """Run the benchmark. 0 when every bar and gate holds."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for the models")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--size", choices=sorted(rerank_models.SIZES), default="small")
    parser.add_argument("--model", help="a real encoder instead, hub id or folder")
    parser.add_argument("--decoder", help="a real decoder instead")
    parser.add_argument("--only", nargs="*", help="workloads, such as W2 W9 tokens")
    parser.add_argument("--quick", action="store_true", help="within 5 minutes on 2 cores")
    parser.add_argument("--defaults", action="store_true", help="peers at their defaults only")
    parser.add_argument("--seed", type=int, default=7)
    wanted = parser.parse_args()
    if wanted.quick:
        wanted.repetitions, wanted.size = 1, "toy"
    warnings.filterwarnings("ignore")  # FlagEmbedding's own
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    names = ("torch", "transformers", "FlagEmbedding", "sentence-transformers")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    half = "bfloat16" if has_bfloat16() else "no bfloat16: bars of half precision are left out"
    print(f"{platform.machine()}, one thread, {half}; {versions}; n = {wanted.repetitions}\n")
    began, table = time.monotonic(), Table(large=wanted.size == "large")
    run(wanted, table)
    print(f"\n{time.monotonic() - began:.0f} s; {table.verdict()}")
    return 0 if table.held else 1


if __name__ == "__main__":
    sys.exit(main())
